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

{{- define "isthmus.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- /* The Secret of a value of `secrets`. Takes {root, value, suffix}. */ -}}
{{- define "isthmus.secret" -}}
{{- default (printf "%s-%s" (include "isthmus.fullname" .root) .suffix) .value.existingSecret }}
{{- end }}
