{{- define "isthmus.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- /* Short enough for the longest suffix that a template adds. */ -}}
{{- define "isthmus.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride }}
{{- else if contains (include "isthmus.name" .) .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "isthmus.name" .) | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "isthmus.controlPlane" -}}
{{ include "isthmus.fullname" . }}-control-plane
{{- end }}

{{- define "isthmus.dataPlane" -}}
{{ include "isthmus.fullname" . }}-data-plane
{{- end }}

{{- define "isthmus.etcd" -}}
{{ include "isthmus.fullname" . }}-etcd
{{- end }}

{{- define "isthmus.collector" -}}
{{ include "isthmus.fullname" . }}-collector
{{- end }}

{{- /* A Service's names inside the cluster, a line each. Takes {root, service}. */ -}}
{{- define "isthmus.serviceHosts" -}}
{{ .service }}
{{ .service }}.{{ .root.Release.Namespace }}
{{ .service }}.{{ .root.Release.Namespace }}.svc
{{ .service }}.{{ .root.Release.Namespace }}.svc.cluster.local
localhost
{{- end }}

{{- define "isthmus.adminUrl" -}}
https://{{ include "isthmus.controlPlane" . }}.{{ .Release.Namespace }}.svc:{{ .Values.controlPlane.service.port }}
{{- end }}

{{- define "isthmus.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: isthmus
{{- end }}

{{- /* What selects pods; never changes over upgrades. Takes {root, component}. */ -}}
{{- define "isthmus.selector" -}}
app.kubernetes.io/name: {{ include "isthmus.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "isthmus.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "isthmus.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* Takes {image, tag}: the value, and what to take if it names no tag. */ -}}
{{- define "isthmus.imageReference" -}}
{{- if .image.digest }}
{{- printf "%s@%s" .image.repository .image.digest }}
{{- else }}
{{- printf "%s:%s" .image.repository (default .tag .image.tag) }}
{{- end }}
{{- end }}

{{- define "isthmus.image" -}}
{{- include "isthmus.imageReference" (dict "image" .Values.image "tag" .Chart.AppVersion) }}
{{- end }}

{{- /* The Secret of a value of `secrets`. Takes {root, value, suffix}. */ -}}
{{- define "isthmus.secret" -}}
{{- default (printf "%s-%s" (include "isthmus.fullname" .root) .suffix) .value.existingSecret }}
{{- end }}
