{{- /* The parts of the release that run all the time: the port of each that has metrics, as JSON by component. */ -}}
{{- define "isthmus.parts" -}}
{{- $parts := dict "data-plane" (dict "port" "metrics") "control-plane" (dict "port" "health") }}
{{- if eq (include "isthmus.etcdMode" .) "StatefulSet" }}
{{- $_ := set $parts "etcd" (dict "port" "metrics") }}
{{- end }}
{{- if .Values.collector.enabled }}
{{- $_ := set $parts "collector" (dict "port" "health") }}
{{- end }}
{{- toJson $parts }}
{{- end }}

{{- /* PromQL matchers of the pods of a part. Takes {root, component}. */ -}}
{{- define "isthmus.podMatchers" -}}
namespace="{{ .root.Release.Namespace }}",pod=~"{{ include "isthmus.fullname" .root | replace "." "\\\\." }}-{{ .component }}-.+"
{{- end }}
