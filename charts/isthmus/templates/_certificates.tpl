{{- /* The Secret with a part's certificate. Takes {root, part}: a key of `certificates.existing`. */ -}}
{{- define "isthmus.certificateSecret" -}}
{{- if eq .root.Values.certificates.mode "ExistingSecret" }}
{{- $name := index .root.Values.certificates.existing .part }}
{{- if not $name }}
{{- fail (printf "certificates.existing.%s must name a Secret, since certificates.mode is ExistingSecret" .part) }}
{{- end }}
{{- $name }}
{{- else }}
{{- printf "%s-%s-certificate" (include "isthmus.fullname" .root) (kebabcase .part) }}
{{- end }}
{{- end }}

{{- /*
The certificates of a release, as YAML: Secret, authority, names, and what each may be used for. The release's etcd has an
authority of its own, so that no replica's certificate opens it.
*/ -}}
{{- define "isthmus.certificates" -}}
- secret: {{ include "isthmus.certificateSecret" (dict "root" . "part" "controlPlane") }}
  authority: {{ include "isthmus.fullname" . }}-authority
  name: Isthmus control plane
  usages: [server auth]
  hosts:
    {{- range splitList "\n" (include "isthmus.serviceHosts" (dict "root" . "service" (include "isthmus.controlPlane" .))) }}
    - {{ . | quote }}
    {{- end }}
    {{- range .Values.certificates.extraHosts }}
    - {{ . | quote }}
    {{- end }}
  uris: []
- secret: {{ include "isthmus.certificateSecret" (dict "root" . "part" "dataPlane") }}
  authority: {{ include "isthmus.fullname" . }}-authority
  name: Isthmus gateway
  usages: [client auth]
  hosts: []
  uris:
    - {{ printf "spiffe://%s/gateway/%s" .Values.certificates.trustDomain .Values.gateway | quote }}
{{- if .Values.collector.enabled }}
- secret: {{ include "isthmus.certificateSecret" (dict "root" . "part" "collector") }}
  authority: {{ include "isthmus.fullname" . }}-authority
  name: Isthmus collector
  usages: [server auth]
  hosts:
    {{- range splitList "\n" (include "isthmus.serviceHosts" (dict "root" . "service" (include "isthmus.collector" .))) }}
    - {{ . | quote }}
    {{- end }}
  uris: []
{{- end }}
{{- if eq (include "isthmus.etcdMode" .) "StatefulSet" }}
- secret: {{ include "isthmus.certificateSecret" (dict "root" . "part" "etcd") }}
  authority: {{ include "isthmus.etcd" . }}-authority
  name: Isthmus etcd
  usages: [server auth, client auth] # members are each other's clients
  hosts:
    {{- range splitList "\n" (include "isthmus.etcdHosts" .) }}
    - {{ . | quote }}
    {{- end }}
    - localhost
  uris: []
- secret: {{ include "isthmus.certificateSecret" (dict "root" . "part" "etcdClient") }}
  authority: {{ include "isthmus.etcd" . }}-authority
  name: Isthmus control plane
  usages: [client auth]
  hosts: [{{ include "isthmus.controlPlane" . }}]
  uris: []
{{- end }}
{{- end }}
