{{- /* What pods of both planes have in common, to be used inside a pod's spec. Takes {root, component, plane}. */ -}}
{{- define "isthmus.podSpec" -}}
serviceAccountName: {{ include "isthmus.serviceAccount" .root }}
automountServiceAccountToken: false
enableServiceLinks: false # Kubernetes would set ISTHMUS_* variables of its own
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .plane.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .plane.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .plane.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .plane.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
{{- if .plane.topologySpreadConstraints }}
  {{- toYaml .plane.topologySpreadConstraints | nindent 2 }}
{{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "isthmus.selector" . | nindent 8 }}
{{- end }}
{{- end }}

{{- define "isthmus.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- /* Gives the pod a certificate of its own; only this container sees the authority's key. Takes {root, names}. */ -}}
{{- define "isthmus.issueCertificate" -}}
- name: issue-certificate
  image: {{ include "isthmus.image" .root | quote }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [python, /scripts/issue_certificate.py]
  args:
    - --authority=/authority
    - --out=/certificates
    - --days={{ .root.Values.certificates.generated.certificateDays }}
    {{- range .names }}
    - {{ . | quote }}
    {{- end }}
  {{- include "isthmus.containerSecurity" .root | nindent 2 }}
  resources:
    requests: {cpu: 50m, memory: 64Mi}
    limits: {memory: 256Mi}
  volumeMounts:
    - {name: authority, mountPath: /authority, readOnly: true}
    - {name: scripts, mountPath: /scripts, readOnly: true}
    - {name: certificates, mountPath: /certificates}
{{- end }}

{{- /* Takes {root, secret}: the Secret that holds the certificate, unless it is generated. */ -}}
{{- define "isthmus.certificateVolumes" -}}
{{- if eq .root.Values.certificates.mode "Generated" }}
- name: certificates
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
- name: authority
  secret:
    secretName: {{ include "isthmus.fullname" .root }}-authority
    defaultMode: 0440
- name: scripts
  configMap:
    name: {{ include "isthmus.fullname" .root }}-scripts
{{- else }}
- name: certificates
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
{{- end }}
{{- end }}

{{- define "isthmus.controlPlaneCertificate" -}}
{{- if eq .Values.certificates.mode "ExistingSecret" }}
{{- .Values.certificates.existing.controlPlane }}
{{- else }}
{{- include "isthmus.controlPlane" . }}-certificate
{{- end }}
{{- end }}

{{- define "isthmus.dataPlaneCertificate" -}}
{{- if eq .Values.certificates.mode "ExistingSecret" }}
{{- .Values.certificates.existing.dataPlane }}
{{- else }}
{{- include "isthmus.dataPlane" . }}-certificate
{{- end }}
{{- end }}

{{- /* The names that control planes are reached by, a line each. */ -}}
{{- define "isthmus.controlPlaneHosts" -}}
{{- $service := include "isthmus.controlPlane" . -}}
{{ $service }}
{{ $service }}.{{ .Release.Namespace }}
{{ $service }}.{{ .Release.Namespace }}.svc
{{ $service }}.{{ .Release.Namespace }}.svc.cluster.local
localhost
{{- range .Values.certificates.extraHosts }}
{{ . }}
{{- end }}
{{- end }}
