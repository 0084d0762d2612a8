{{- /* What the release generates, as YAML: {kept, authorities, certificates}; each list may be empty. */ -}}
{{- define "isthmus.generated" -}}
{{- $fullname := include "isthmus.fullname" . -}}
{{- $kept := list -}}
{{- range list (list "master-key" .Values.secrets.masterKey) (list "bootstrap-token" .Values.secrets.bootstrapToken) (list "last-good-key" .Values.secrets.lastGoodKey) -}}
{{- $value := index . 1 -}}
{{- if not $value.existingSecret -}}
{{- $kept = append $kept (dict "secret" (printf "%s-%s" $fullname (first .)) "key" $value.key "form" (first .)) -}}
{{- end -}}
{{- end -}}
{{- $authorities := list -}}
{{- $certificates := list -}}
{{- if eq .Values.certificates.mode "Generated" -}}
{{- if le (int .Values.certificates.generated.certificateDays) (int .Values.certificates.generated.renewBeforeDays) -}}
{{- fail "certificates.generated.renewBeforeDays must be less than certificateDays" -}}
{{- end -}}
{{- $certificates = include "isthmus.certificates" . | fromYamlArray -}}
{{- range $certificates -}}
{{- $authorities = append $authorities .authority -}}
{{- end -}}
{{- end -}}
{{- dict "kept" $kept "authorities" (uniq $authorities) "certificates" $certificates | toYaml -}}
{{- end }}

{{- /* What the script needs to know, as JSON. No secrets. */ -}}
{{- define "isthmus.generatedPlan" -}}
{{- $days := .Values.certificates.generated -}}
{{- $labels := dict "app.kubernetes.io/part-of" "isthmus" "isthmus.dev/release" (include "isthmus.fullname" .) -}}
{{- merge (include "isthmus.generated" . | fromYaml) (dict
  "namespace" .Release.Namespace
  "labels" $labels
  "authorityDays" (int $days.authorityDays)
  "certificateDays" (int $days.certificateDays)
  "renewBeforeDays" (int $days.renewBeforeDays)
) | toPrettyJson -}}
{{- end }}

{{- /*
Who may write the Secrets. Kept ones can be created only: not even the Job reads a key that it has made.
Takes {root, name, creates, annotations}.
*/ -}}
{{- define "isthmus.keyAccess" -}}
{{- $generated := include "isthmus.generated" .root | fromYaml -}}
{{- $names := list -}}
{{- range $generated.certificates -}}
{{- $names = append $names .secret -}}
{{- end }}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "isthmus.keyMetadata" . | nindent 2 }}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  {{- include "isthmus.keyMetadata" . | nindent 2 }}
rules:
  {{- if .creates }}
  - apiGroups: [""]
    resources: [secrets]
    verbs: [create] # Kubernetes cannot bind this to names
  {{- end }}
  {{- if $names }}
  - apiGroups: [""]
    resources: [secrets]
    resourceNames: {{ toJson $generated.authorities }}
    verbs: [get]
  - apiGroups: [""]
    resources: [secrets]
    resourceNames: {{ toJson $names }}
    verbs: [get, update]
  {{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- include "isthmus.keyMetadata" . | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ .name }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- define "isthmus.keyMetadata" -}}
name: {{ .name }}
labels:
  {{- include "isthmus.labels" .root | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* The arguments for isthmus.jobPod, as YAML. Takes {root, name, component, renew}. */ -}}
{{- define "isthmus.keyCommand" -}}
component: {{ .component }}
command: [python, /scripts/ensure_secrets.py, --plan=/scripts/plan.json{{ if .renew }}, --renew{{ end }}]
environment: |
  - {name: PYTHONPATH, value: /scripts} # the image's Python does not look beside a script by itself
serviceAccount: {{ default .name .root.Values.jobs.serviceAccountName }}
mountToken: true
scripts: {{ .name }}
{{- end }}
