{{- /* A Job's spec. Takes what isthmus.jobPod takes, {retries}, and {seconds} if it may take longer than others. */ -}}
{{- define "isthmus.jobSpec" -}}
backoffLimit: {{ .retries }}
activeDeadlineSeconds: {{ max .root.Values.jobs.activeDeadlineSeconds (default 0 .seconds) }}
template:
  {{- include "isthmus.jobPod" . | nindent 2 }}
{{- end }}

{{- /* A pod that runs one command of our image. Takes {root, component, command (a list), environment, mounts, volumes
(each YAML, or missing), serviceAccount and mountToken (if it talks to Kubernetes)}. */ -}}
{{- define "isthmus.jobPod" -}}
metadata:
  {{- include "isthmus.podMetadata" (merge (dict "values" .root.Values.jobs) .) | nindent 2 }}
spec:
  {{- include "isthmus.jobPodSpec" . | nindent 2 }}
{{- end }}

{{- define "isthmus.jobPodSpec" -}}
{{ include "isthmus.podSpec" (merge (dict "values" .root.Values.jobs) .) }}
restartPolicy: Never
containers:
  - {{ include "isthmus.jobContainer" . | nindent 4 | trim }}
volumes:
  {{- include "isthmus.jobVolumes" . | nindent 2 }}
{{- end }}

{{- define "isthmus.jobContainer" -}}
name: {{ .component }}
image: {{ include "isthmus.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command:
  {{- toYaml .command | nindent 2 }}
{{- with .environment }}
env:
  {{- . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .root.Values.jobs.resources | nindent 2 }}
{{- include "isthmus.containerSecurity" .root | nindent 0 }}
volumeMounts:
  - {name: scripts, mountPath: /scripts, readOnly: true}
  - {name: temporary, mountPath: /tmp}
  {{- with .mounts }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "isthmus.jobVolumes" -}}
- name: scripts
  configMap: {name: {{ default (printf "%s-scripts" (include "isthmus.fullname" .root)) .scripts }}}
- name: temporary
  emptyDir: {sizeLimit: 256Mi}
{{- with .volumes }}
{{ . }}
{{- end }}
{{- end }}

{{- /* How a Job reaches the admin API. */ -}}
{{- define "isthmus.adminEnvironment" -}}
{{- $token := ternary .Values.jobs.adminToken .Values.secrets.bootstrapToken (ne .Values.jobs.adminToken.existingSecret "") -}}
- {name: ISTHMUS_ADMIN_URL, value: {{ include "isthmus.adminUrl" . | quote }}}
- {name: ISTHMUS_ADMIN_CA, value: /authority/ca.crt}
- name: ISTHMUS_ADMIN_TOKEN
  valueFrom:
    secretKeyRef:
      name: {{ include "isthmus.secret" (dict "root" . "value" $token "suffix" "bootstrap-token") }}
      key: {{ $token.key }}
- {name: HOME, value: /tmp}
{{- end }}

{{- define "isthmus.adminMounts" -}}
- {name: authority, mountPath: /authority, readOnly: true}
{{- end }}

{{- /* Only who signed the admin API's certificate, not its key. */ -}}
{{- define "isthmus.adminVolumes" -}}
- name: authority
  secret:
    secretName: {{ include "isthmus.certificateSecret" (dict "root" . "part" "controlPlane") }}
    items: [{key: ca.crt, path: ca.crt}]
    defaultMode: 0440
{{- end }}

{{- define "isthmus.scripts" -}}
{{- range $path, $_ := .Files.Glob "files/*.py" }}
{{ base $path }}: |
  {{- $.Files.Get $path | nindent 2 }}
{{- end }}
{{- end }}
