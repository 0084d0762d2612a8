{{- /* What the data plane listens on: a list of {name, port, servicePort, url}, as YAML. */ -}}
{{- define "isthmus.listeners" -}}
{{- $listeners := .Values.dataPlane.listeners -}}
{{- if not (or $listeners.http.enabled $listeners.https.enabled) }}
{{- fail "dataPlane.listeners: enable http, https or both" }}
{{- end }}
{{- if $listeners.http.enabled }}
- name: traffic
  serviceName: http
  port: 8080
  servicePort: {{ .Values.dataPlane.service.port }}
  url: {{ printf "http://0.0.0.0:8080%s" (include "isthmus.proxyProtocol" $listeners.http.proxyProtocol) | quote }}
{{- end }}
{{- if $listeners.https.enabled }}
- name: traffic-tls
  serviceName: https
  port: 8443
  servicePort: {{ .Values.dataPlane.service.httpsPort }}
  url: {{ printf "https://0.0.0.0:8443%s" (include "isthmus.proxyProtocol" $listeners.https.proxyProtocol) | quote }}
{{- end }}
{{- end }}

{{- /* A listener's options. */ -}}
{{- define "isthmus.proxyProtocol" -}}
{{- if .enabled }}?proxy=v2
{{- range .trusted }}&trusted={{ . }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Where the data plane finds the snapshot it may start from; empty: nowhere. */ -}}
{{- define "isthmus.bootstrapSnapshot" -}}
{{- $given := .Values.dataPlane.bootstrapSnapshot -}}
{{- $sources := compact (list $given.url $given.existingConfigMap $given.existingSecret $given.existingClaim) -}}
{{- if gt (len $sources) 1 }}
{{- fail "dataPlane.bootstrapSnapshot: give one of url, existingConfigMap, existingSecret and existingClaim" }}
{{- end }}
{{- if $given.url }}
{{- $given.url }}
{{- else if $sources }}
{{- printf "/bootstrap-snapshot/%s" $given.file }}
{{- end }}
{{- end }}

{{- define "isthmus.bootstrapSnapshotVolume" -}}
{{- with .Values.dataPlane.bootstrapSnapshot }}
{{- if .existingConfigMap }}
- name: bootstrap-snapshot
  configMap: {name: {{ .existingConfigMap }}}
{{- else if .existingSecret }}
{{ include "isthmus.secretVolume" (dict "name" "bootstrap-snapshot" "secret" .existingSecret) }}
{{- else if .existingClaim }}
- name: bootstrap-snapshot
  persistentVolumeClaim: {claimName: {{ .existingClaim }}, readOnly: true}
{{- end }}
{{- end }}
{{- end }}
