{{/* The environment of the dialer's containers. */}}

{{/* A value as text. Numbers come from YAML as floats, and 536870912 would be written 5.36870912e+08. */}}
{{- define "dialer.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end }}

{{/* (name, ref, existing): a variable from a Secret. */}}
{{- define "dialer.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      {{- if kindIs "map" .ref }}
      name: {{ .ref.name }}
      key: {{ .ref.key }}
      {{- else }}
      name: {{ required "secrets.existingSecret must be set: the Secret that has the dialer's keys" .existing }}
      key: {{ .ref }}
      {{- end }}
{{- end }}

{{/* (root, without): all variables; `without` lists secrets that this container does not need. */}}
{{- define "dialer.env" -}}
{{- $root := .root -}}
{{- $values := .root.Values -}}
{{- if not (or (hasKey $values.settings "DIALER_FROM_NUMBER") (hasKey $values.secrets.env "DIALER_FROM_NUMBER")) -}}
{{- fail "settings.DIALER_FROM_NUMBER must be set: the caller id of every call, such as \"+31201234567\"" -}}
{{- end -}}
{{- range $name, $_ := $values.settings -}}
{{- if hasKey $values.secrets.env $name -}}
{{- fail (printf "%s stands in settings and in secrets.env: take one away" $name) -}}
{{- end -}}
{{- end -}}
{{- range $name, $ref := $values.secrets.env }}
{{- if not (has $name $.without) }}
{{ include "dialer.secretVariable" (dict "name" $name "ref" $ref "existing" $values.secrets.existingSecret) }}
{{- end }}
{{- end }}
{{- range $name, $value := $values.settings }}
- name: {{ $name }}
  value: {{ include "dialer.text" $value | quote }}
{{- end }}
{{ include "dialer.redisEnv" $root }}
- name: DIALER_PUBLIC_URL
  value: {{ include "dialer.publicUrl" $root | quote }}
- name: DIALER_HOST
  value: 0.0.0.0
- name: DIALER_PORT
  value: "8080"
- name: DIALER_WORKER_METRICS_PORT
  value: "9101"
- name: DIALER_DATA_DIR
  value: /data
{{ include "dialer.recordingsEnv" $root }}
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

{{/* The password comes before the URL that it is put into: Kubernetes fills in only what stands above. */}}
{{- define "dialer.redisEnv" -}}
{{- $bundled := .Values.redis.bundled -}}
{{- if $bundled.enabled -}}
{{ include "dialer.secretVariable" (dict "name" "REDIS_PASSWORD" "ref" $bundled.passwordKey "existing" .Values.secrets.existingSecret) }}
- name: DIALER_REDIS_URL
  value: redis://:$(REDIS_PASSWORD)@{{ include "dialer.fullname" . }}-redis:6379/0
{{- else if not (hasKey .Values.secrets.env "DIALER_REDIS_URL") -}}
- name: DIALER_REDIS_URL
  value: {{ required "redis.existing.url must be set without a bundled Redis, or secrets.env.DIALER_REDIS_URL" .Values.redis.existing.url | quote }}
{{- end -}}
{{- end }}
