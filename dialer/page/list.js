/**
 * A list of people before it is sent: the API looks at its beginning, and tells its columns, its first rows and, with a
 * text, what these people will hear. Of a list of any length but the head leaves this machine for that; a spreadsheet,
 * which cannot be cut, is sent whole.
 */
import { ask, query } from "./api.js";

const HEAD_BYTES = 131_072;
const ROWS = 20;
const MOST_TEXT = 2000;
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const TYPES = { csv: "text/csv", txt: "text/csv", xlsx: XLSX, ndjson: "application/x-ndjson", jsonl: "application/x-ndjson", json: "application/json" };
export const ENDINGS = Object.keys(TYPES).map((ending) => `.${ending}`).join();

/**
 * @typedef {{file: File, type: string, map: Record<string, string>, look: object}} List `look` as the API answered
 * @param {File} file
 * @param {Record<string, string>} [map] which column is what, where somebody has said so
 * @returns {Promise<List>} raises Error with what to do
 */
export async function readList(file, map) {
  const type = TYPES[file.name.toLowerCase().split(".").pop()];
  if (!type) throw new Error("Choose a list as CSV (.csv), a spreadsheet (.xlsx), or JSON (.json, .ndjson).");
  const look = await lookAt({ file, type, map });
  if (!look.columns.length) throw new Error("The list is empty: it needs a header and a line for each person.");
  return { file, type, map: look.map, look };
}

/** The head of a list as an import would read it, with what its people hear. @param {{text: string, language: string}} [text] */
export function lookAt({ file, type, map }, text) {
  const whole = type === XLSX || file.size <= HEAD_BYTES;
  const said = text?.text.trim() && text.text.length <= MOST_TEXT ? { text: text.text, language: text.language } : {};
  const path = `/v1/imports/preview${query({ rows: ROWS, cut: whole ? null : true, ...mapped(map), ...said })}`;
  return ask(path, { body: whole ? file : file.slice(0, HEAD_BYTES), headers: { "Content-Type": type } });
}

/** Where a list is sent. */
export const importPath = (campaign, { map }) => `/v1/campaigns/${campaign.id}/calls${query(mapped(map))}`;

const mapped = (map) => (map && Object.keys(map).length ? { map: JSON.stringify(map) } : {});
