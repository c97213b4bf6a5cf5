"""Runs the containers of rendered pods as processes of this machine, as the agent of a cluster's node would.

Commands, arguments and environment are the rendered ones. What namespaces and volumes give a container is put in by
text: addresses and names of Services become ports of the loopback address, and mounted paths become folders. Probes
are asked as they are written.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from dialer.processes import child
from tests.fakes.chart import Thing, component, of_kind, pods
from tests.fakes.fleet import free_port
from tests.fakes.redis_server import server_program

_PROBE_S = 30.0
_AGAIN_S = 0.1
_TAIL = 3000


@dataclass(slots=True)
class Node:
    """One machine with the secrets and volumes of a release.

    Attributes:
        things: the rendered objects.
        secrets: values by (name of the Secret, key).
        places: what a text of a pod means here, besides volumes.
        ports: the port of this machine for each of a container's.
    """

    things: list[Thing]
    folder: Path
    secrets: Mapping[tuple[str, str], str]
    places: dict[str, str] = field(default_factory=dict)
    ports: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Give each port that a container listens on one of this machine."""
        for _, pod in pods(self.things):
            for container in pod["spec"]["containers"]:
                for port in container.get("ports", ()):
                    self.ports.setdefault(port["containerPort"], free_port())
        for service in of_kind(self.things, "Service"):
            (port,) = [one["port"] for one in service["spec"]["ports"]]
            self.places[f"{service['metadata']['name']}:{port}"] = f"127.0.0.1:{self.ports[port]}"
        self.places["0.0.0.0"] = "127.0.0.1"  # noqa: S104 - tests are reached from this machine alone

    def pod(self, kind: str) -> Pod:
        """The pod of a component."""
        (found,) = [pod for _, pod in pods(self.things) if component(pod) == kind]
        return Pod(self, found)


@dataclass(slots=True)
class Pod:
    """One pod of the release on its node; a component may be started once."""

    node: Node
    rendered: Thing
    process: asyncio.subprocess.Process | None = None

    @property
    def container(self) -> Thing:
        """Its lasting container."""
        container: Thing = self.rendered["spec"]["containers"][0]
        return container

    @property
    def log(self) -> Path:
        """What it wrote."""
        return self.node.folder / f"{component(self.rendered)}.log"

    @property
    def grace_s(self) -> float:
        """How long it has to end."""
        return float(self.rendered["spec"]["terminationGracePeriodSeconds"])

    async def start(self) -> None:
        """Run it behind what must be done first, and wait until it says that it has started and is ready."""
        for first in self.rendered["spec"].get("initContainers", ()):
            assert (await self.run(first))[0] == 0, self.tail()
        self.process = await self._spawn(self.container)
        for which in ("startupProbe", "readinessProbe"):
            await self.until_probed(which)

    async def until_probed(self, which: str, *, well: bool = True) -> None:
        """Wait until a probe is answered so."""
        try:
            async with asyncio.timeout(_PROBE_S):
                while await self.probe(which) is not well:  # noqa: ASYNC110 - other processes set no event
                    await asyncio.sleep(_AGAIN_S)
        except TimeoutError:
            raise AssertionError(
                f"{which} of {component(self.rendered)} is not {well}:\n{self.tail()[-_TAIL:]}"
            ) from None

    async def run(self, container: Thing) -> tuple[int, str]:
        """Run a container that ends by itself; its exit status and all that it wrote."""
        self.log.unlink(missing_ok=True)
        status = await (await self._spawn(container)).wait()
        return status, self.tail()

    async def end(self) -> int:
        """Ask it to end as a node does; -9 if it took longer than it has."""
        assert self.process is not None
        return await child.end(self.process, grace_s=self.grace_s)

    async def probe(self, which: str) -> bool:
        """Whether a probe of it is answered well now."""
        probe = self.container[which]
        if "exec" in probe:
            process = await self._spawn({**self.container, "command": probe["exec"]["command"], "args": []})
            return await process.wait() == 0
        try:
            async with asyncio.timeout(probe.get("timeoutSeconds", 1)):
                return await self._answers(probe)
        except (OSError, TimeoutError, aiohttp.ClientError):
            return False

    def command_line(self) -> str:
        """What everybody on its machine can read of it."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/cmdline").read_text("utf-8")

    def tail(self) -> str:
        """All that it wrote."""
        return self.log.read_text("utf-8", errors="replace") if self.log.exists() else ""

    async def _answers(self, probe: Thing) -> bool:
        named_ports = {port["name"]: self.node.ports[port["containerPort"]] for port in self.container["ports"]}
        if "tcpSocket" in probe:
            _, writer = await asyncio.open_connection("127.0.0.1", named_ports[probe["tcpSocket"]["port"]])
            writer.close()
            return True
        get = probe["httpGet"]
        async with aiohttp.request("GET", f"http://127.0.0.1:{named_ports[get['port']]}{get['path']}") as response:
            return response.ok

    async def _spawn(self, container: Thing) -> asyncio.subprocess.Process:
        environment = self.environment(container)
        command = [self._here(_filled(word, environment)) for word in [*container["command"], *container["args"]]]
        # What images have on their PATH.
        path = os.pathsep.join(
            [str(Path(sys.executable).parent), str(Path(server_program()).parent), os.environ["PATH"]]
        )
        surroundings = child.Surroundings(environment={**environment, "PATH": path}, log=self.log)
        return await child.spawn(["/usr/bin/env", *command], surroundings)

    def environment(self, container: Thing) -> dict[str, str]:
        """The variables that a container of it is given."""
        environment: dict[str, str] = {}
        for variable in container.get("env", ()):
            if "value" in variable:
                value = self._here(_filled(variable["value"], environment))
            else:
                reference = variable["valueFrom"]["secretKeyRef"]
                value = self.node.secrets[reference["name"], reference["key"]]
            environment[variable["name"]] = value
        return environment

    def _here(self, text: str) -> str:
        if text.isdecimal() and int(text) in self.node.ports:
            return str(self.node.ports[int(text)])
        places = {**self.node.places, **self._mounts()}
        there = "|".join(re.escape(place) for place in sorted(places, key=len, reverse=True))
        return re.sub(there, lambda found: places[found[0]], text)

    def _mounts(self) -> Mapping[str, str]:
        """Where the container's folders are here; what is no volume is the image's own."""
        folders = {mount["mountPath"]: self._volume(mount["name"]) for mount in self.container["volumeMounts"]}
        return {"/data": str(self.node.folder / "image"), **{path: str(here) for path, here in folders.items()}}

    def _volume(self, name: str) -> Path:
        volume: Thing = next((one for one in self.rendered["spec"]["volumes"] if one["name"] == name), {})
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        folder = self.node.folder / (claim or f"{component(self.rendered)}-{name}")
        folder.mkdir(exist_ok=True)
        for file, text in self._files(volume):
            (folder / file).write_text(text, "utf-8")
        return folder

    def _files(self, volume: Thing) -> Iterator[tuple[str, str]]:
        """Names and content of the files that a volume brings."""
        for source in volume.get("projected", {}).get("sources", ()):
            for item in source["secret"]["items"]:
                yield item["path"], self.node.secrets[source["secret"]["name"], item["key"]]
        for (name, key), value in self.node.secrets.items():
            if name == volume.get("secret", {}).get("secretName"):
                yield key, value
        for config in of_kind(self.node.things, "ConfigMap"):
            if config["metadata"]["name"] == volume.get("configMap", {}).get("name"):
                yield from config["data"].items()


def _filled(text: str, environment: Mapping[str, str]) -> str:
    """The text with `$(NAME)` filled in from what stands above it."""
    return re.sub(r"\$\((\w+)\)", lambda found: environment.get(found[1], found[0]), text)
