{{- /* The parts of the release that run all the time: the port of each that has metrics, as JSON by component. */ -}}
{{- define "isthmus.parts" -}}
{{- $parts := dict "data-plane" (dict "port" "metrics" "number" 9090) "control-plane" (dict "port" "health" "number" 8081) }}
{{- if eq (include "isthmus.etcdMode" .) "StatefulSet" }}
{{- $_ := set $parts "etcd" (dict "port" "metrics" "number" 2381) }}
{{- end }}
{{- if .Values.collector.enabled }}
{{- $_ := set $parts "collector" (dict "port" "health" "number" 8081) }}
{{- end }}
{{- toJson $parts }}
{{- end }}

{{- /* Annotations by which a Prometheus without the operator finds a pod. Takes {root, component}. */ -}}
{{- define "isthmus.scrapeAnnotations" -}}
{{- $part := get (include "isthmus.parts" .root | fromJson) .component }}
{{- if and .root.Values.monitoring.scrapeAnnotations $part }}
prometheus.io/scrape: "true"
prometheus.io/path: /metrics
prometheus.io/port: {{ $part.number | quote }}
{{- end }}
{{- end }}

{{- /* PromQL matchers of the pods of a part. Takes {root, component}. */ -}}
{{- define "isthmus.podMatchers" -}}
namespace="{{ .root.Release.Namespace }}",pod=~"{{ include "isthmus.fullname" .root | replace "." "\\\\." }}-{{ .component }}-.+"
{{- end }}
