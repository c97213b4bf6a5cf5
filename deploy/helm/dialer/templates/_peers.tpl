{{/* Whom the dialer's pods may reach, and by which pods they are known. */}}

{{/* (root, component): those pods of this release. */}}
{{- define "dialer.peer" -}}
- podSelector:
    matchLabels: {{- include "dialer.selector" . | nindent 6 }}
{{- end }}

{{- define "dialer.egress" -}}
{{- $policy := .Values.networkPolicy -}}
- to:
    - {{- toYaml $policy.dns | nindent 6 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- if .Values.redis.bundled.enabled }}
- to: {{- include "dialer.peer" (dict "root" . "component" "redis") | nindent 4 }}
  ports:
    - {protocol: TCP, port: 6379}
{{- else }}
- to: {{- toYaml $policy.redis.to | nindent 4 }}
  ports:
    {{- range $policy.redis.ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}
- to: {{- toYaml $policy.https | nindent 4 }}
  ports:
    - {protocol: TCP, port: 443}
{{- with $policy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}
