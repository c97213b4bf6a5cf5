{{/* What the pods of the dialer have in common. */}}

{{/* As the image has it: a user of its own, nothing to write but /tmp and recordings. */}}
{{- define "dialer.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
# A volume of recordings that is as it should be is not gone through at every start.
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "dialer.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* The component's values: where its pods may run. */}}
{{- define "dialer.scheduling" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* (root, component): pods of one kind on different nodes. */}}
{{- define "dialer.spread" -}}
{{- if .root.Values.topologySpread.enabled }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: {{ .root.Values.topologySpread.topologyKey }}
    whenUnsatisfiable: ScheduleAnyway
    # Of this revision alone: while one takes another's place, both are there.
    matchLabelKeys: [pod-template-hash]
    labelSelector:
      matchLabels: {{- include "dialer.selector" . | nindent 8 }}
{{- end }}
{{- end }}

{{/* (root): what every pod of ours says of itself. */}}
{{- define "dialer.podCommon" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: {{- include "dialer.podSecurity" . | nindent 2 }}
{{- end }}

{{/* (root): image and what it may do. */}}
{{- define "dialer.containerCommon" -}}
image: {{ include "dialer.image" (dict "image" .Values.image "tag" .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext: {{- include "dialer.containerSecurity" . | nindent 2 }}
{{- end }}

{{/* The Secret with the certificates for an existing Redis, if there is one. */}}
{{- define "dialer.redisTls" -}}
{{- if not .Values.redis.bundled.enabled }}{{ .Values.redis.existing.tls.existingSecret }}{{ end -}}
{{- end }}

{{- define "dialer.mounts" -}}
- name: tmp
  mountPath: /tmp
- name: secrets
  mountPath: /etc/dialer
  readOnly: true
{{- if include "dialer.redisTls" . }}
- name: redis-tls
  mountPath: /etc/redis-tls
  readOnly: true
{{- end }}
{{- if eq .Values.recordings.kind "volume" }}
- name: recordings
  mountPath: /data/recordings
{{- end }}
{{- end }}

{{/* (root, without): as of secretFiles. */}}
{{- define "dialer.volumes" -}}
{{- $values := .root.Values -}}
{{ include "dialer.secretFiles" . }}
# Spreadsheets that come in lie here until they are read: 200 MB at the most, all together.
- name: tmp
  emptyDir: {sizeLimit: 300Mi}
{{- with include "dialer.redisTls" .root }}
- name: redis-tls
  secret: {secretName: {{ . }}, defaultMode: 0440}
{{- end }}
{{- if eq $values.recordings.kind "volume" }}
- name: recordings
  persistentVolumeClaim:
    claimName: {{ default (printf "%s-recordings" (include "dialer.fullname" .root)) $values.recordings.volume.existingClaim }}
{{- end }}
{{- end }}

{{/* Name of the port: started within a minute, alive, able to work. Redis away ends nobody: it only makes them unready. */}}
{{- define "dialer.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: {{ . }}}
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: {path: /healthz, port: {{ . }}}
  periodSeconds: 10
  timeoutSeconds: 5
  # A minute: a process that is only slow loses calls' moments by being ended.
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: {{ . }}}
  periodSeconds: 5
  # It gives Redis one second itself.
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}

{{- define "dialer.workerGraceSeconds" -}}
{{- $limit := get .Values.settings "DIALER_CARRIER_TIMEOUT_S" | default 20 -}}
{{- add (ceil (float64 $limit)) 10 15 -}}
{{- end }}

{{/* A process that starts without Redis ends at once, and is started again ever later: better to wait for the bundled one. */}}
{{- define "dialer.waitForRedis" -}}
{{- if .Values.redis.bundled.enabled }}
initContainers:
  - name: redis
    {{- include "dialer.containerCommon" . | nindent 4 }}
    command: [python, -c]
    # Its Service hands nobody on until it has read its log.
    args:
      - |
        import socket, time
        host, port = "{{ include "dialer.fullname" . }}-redis:6379".split(":")
        while True:
            try:
                socket.create_connection((host, int(port)), 2).close()
                break
            except OSError as error:
                print(f"waiting for Redis: {error}", flush=True)
                time.sleep(1)
    resources: {{- include "dialer.smallResources" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* Of what runs for some seconds. */}}
{{- define "dialer.smallResources" -}}
requests: {cpu: 100m, memory: 128Mi}
limits: {memory: 256Mi}
{{- end }}
