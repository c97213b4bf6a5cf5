{{/* The environment of the dialer's containers. */}}

{{/* A value as text. Numbers come from YAML as floats, and 536870912 would be written 5.36870912e+08. */}}
{{- define "dialer.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end }}

{{/* (ref, existing): name and key of what a Secret is referred to by. */}}
{{- define "dialer.secretReference" -}}
{{- if kindIs "map" .ref -}}
name: {{ .ref.name }}
key: {{ .ref.key }}
{{- else -}}
name: {{ required "secrets.existingSecret must be set: the Secret that has the dialer's keys" .existing }}
key: {{ .ref }}
{{- end -}}
{{- end }}

{{/* (root, without): the dialer's secrets as files; `without` lists those that this pod does not need. */}}
{{- define "dialer.secretFiles" -}}
{{- $secrets := .root.Values.secrets -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range $name, $ref := $secrets.variables }}
      {{- if and (hasPrefix "DIALER_" $name) (not (has $name $.without)) }}
      {{- $reference := include "dialer.secretReference" (dict "ref" $ref "existing" $secrets.existingSecret) | fromYaml }}
      - secret:
          name: {{ $reference.name }}
          items: [{key: {{ $reference.key | quote }}, path: {{ $name }}}]
      {{- end }}
      {{- end }}
{{- end }}

{{/* All variables that are no secret of the dialer. */}}
{{- define "dialer.env" -}}
{{- $values := .Values -}}
{{- if not (or (hasKey $values.settings "DIALER_FROM_NUMBER") (hasKey $values.secrets.variables "DIALER_FROM_NUMBER")) -}}
{{- fail "settings.DIALER_FROM_NUMBER must be set: the caller id of every call, such as \"+31201234567\"" -}}
{{- end -}}
{{- range $name, $_ := $values.settings -}}
{{- if hasKey $values.secrets.variables $name -}}
{{- fail (printf "%s stands in settings and in secrets.variables: take one away" $name) -}}
{{- end -}}
{{- end -}}
- name: DIALER_SECRETS_DIR
  value: /etc/dialer
{{- range $name, $ref := $values.secrets.variables }}
{{- if not (hasPrefix "DIALER_" $name) }}
- name: {{ $name }}
  valueFrom:
    secretKeyRef: {{- include "dialer.secretReference" (dict "ref" $ref "existing" $values.secrets.existingSecret) | nindent 6 }}
{{- end }}
{{- end }}
{{- range $name, $value := $values.settings }}
- name: {{ $name }}
  value: {{ include "dialer.text" $value | quote }}
{{- end }}
{{ include "dialer.redisEnv" . }}
- name: DIALER_PUBLIC_URL
  value: {{ include "dialer.publicUrl" . | quote }}
- name: DIALER_HOST
  value: 0.0.0.0
- name: DIALER_PORT
  value: "8080"
- name: DIALER_WORKER_METRICS_PORT
  value: "9101"
- name: DIALER_API_GRACE_S
  value: {{ $values.api.graceSeconds | quote }}
- name: DIALER_DATA_DIR
  value: /data
{{ include "dialer.recordingsEnv" . }}
{{- end }}

{{- define "dialer.recordingsEnv" -}}
{{- $recordings := .Values.recordings -}}
- name: DIALER_RECORDINGS_URL
{{- if eq $recordings.kind "volume" }}
  value: file:///data/recordings
{{- else }}
  value: {{ required "recordings.s3.url must be set: s3://bucket/prefix" $recordings.s3.url | quote }}
{{- with $recordings.s3.endpoint }}
- name: AWS_ENDPOINT_URL
  value: {{ . | quote }}
{{- end }}
{{- with $recordings.s3.region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* The password comes by a file. */}}
{{- define "dialer.redisEnv" -}}
{{- $existing := .Values.redis.existing -}}
- name: DIALER_REDIS_URL
{{- if .Values.redis.bundled.enabled }}
  value: redis://{{ include "dialer.fullname" . }}-redis:6379/0
{{- else }}
  value: {{ required "redis.existing.url must be set without a bundled Redis" $existing.url | quote }}
{{- if $existing.tls.existingSecret }}
{{- range $variable, $key := dict "DIALER_REDIS_CA_FILE" $existing.tls.caKey "DIALER_REDIS_CERT_FILE" $existing.tls.certKey "DIALER_REDIS_KEY_FILE" $existing.tls.keyKey }}
{{- if $key }}
- name: {{ $variable }}
  value: /etc/redis-tls/{{ $key }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
