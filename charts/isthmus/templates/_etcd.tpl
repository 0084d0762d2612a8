{{- define "isthmus.etcdMode" -}}
{{- if .Values.etcd.mode }}
{{- .Values.etcd.mode }}
{{- else if .Values.etcd.endpoints }}External
{{- else }}StatefulSet
{{- end }}
{{- end }}

{{- /* The members' host names, a line each. */ -}}
{{- define "isthmus.etcdHosts" -}}
{{- $etcd := include "isthmus.etcd" . -}}
{{- $hosts := list -}}
{{- range $number := until (int .Values.etcd.statefulSet.replicas) -}}
{{- $hosts = append $hosts (printf "%s-%d.%s.%s.svc" $etcd $number $etcd $.Release.Namespace) -}}
{{- end -}}
{{- join "\n" $hosts -}}
{{- end }}

{{- define "isthmus.etcdEndpoints" -}}
{{- if eq (include "isthmus.etcdMode" .) "StatefulSet" -}}
{{- $endpoints := list -}}
{{- range splitList "\n" (include "isthmus.etcdHosts" .) -}}
{{- $endpoints = append $endpoints (printf "https://%s:2379" .) -}}
{{- end -}}
{{- join "," $endpoints -}}
{{- else -}}
{{- join "," .Values.etcd.endpoints -}}
{{- end -}}
{{- end }}

{{- /* The Secret for TLS with etcd; empty: without TLS. */ -}}
{{- define "isthmus.etcdTlsSecret" -}}
{{- if eq (include "isthmus.etcdMode" .) "StatefulSet" }}
{{- include "isthmus.certificateSecret" (dict "root" . "part" "etcdClient") }}
{{- else }}
{{- .Values.etcd.tls.existingSecret }}
{{- end }}
{{- end }}

{{- /* The Secret with etcd's user; empty: without. */ -}}
{{- define "isthmus.etcdAuthSecret" -}}
{{- if eq (include "isthmus.etcdMode" .) "External" }}
{{- .Values.etcd.auth.existingSecret }}
{{- end }}
{{- end }}

{{- /* The control plane's arguments, as a list. */ -}}
{{- define "isthmus.etcdArguments" -}}
- --etcd-endpoints={{ include "isthmus.etcdEndpoints" . }}
{{- if eq (include "isthmus.etcdMode" .) "StatefulSet" }}
- --etcd-ca=/etcd-tls/ca.crt
- --etcd-cert=/etcd-tls/tls.crt
- --etcd-key=/etcd-tls/tls.key
{{- else if .Values.etcd.tls.existingSecret }}
- --etcd-ca=/etcd-tls/{{ .Values.etcd.tls.caKey }}
{{- if .Values.etcd.tls.clientCertificate }}
- --etcd-cert=/etcd-tls/{{ .Values.etcd.tls.certKey }}
- --etcd-key=/etcd-tls/{{ .Values.etcd.tls.keyKey }}
{{- end }}
{{- end }}
{{- if include "isthmus.etcdAuthSecret" . }}
- --etcd-username=$(ETCD_USERNAME)
- --etcd-password-file=/etcd-auth/{{ .Values.etcd.auth.passwordKey }}
{{- end }}
{{- end }}

{{- /* Nothing, unless values that were left out would lead a release to another store than it has. */ -}}
{{- define "isthmus.checkEtcdIsTheSame" -}}
{{- if not .Values.etcd.mode -}}
{{- $runsOne := lookup "apps/v1" "StatefulSet" .Release.Namespace (include "isthmus.etcd" .) -}}
{{- $isThere := lookup "apps/v1" "Deployment" .Release.Namespace (include "isthmus.controlPlane" .) -}}
{{- if and $isThere $runsOne (eq (include "isthmus.etcdMode" .) "External") -}}
{{- fail "the release runs an etcd of its own, and etcd.endpoints name another one: set etcd.mode to External if that is meant, and restore a backup there" -}}
{{- else if and $isThere (not $runsOne) (eq (include "isthmus.etcdMode" .) "StatefulSet") -}}
{{- fail "the release uses an external etcd, but no etcd.endpoints are given: give them, or set etcd.mode to StatefulSet if an empty etcd of its own is meant" -}}
{{- end -}}
{{- end -}}
{{- end }}
