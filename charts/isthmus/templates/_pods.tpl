{{- /* Labels and annotations of a pod. Takes {root, component, values, annotations}; the last may be missing. */ -}}
{{- define "isthmus.podMetadata" -}}
{{- $scrape := include "isthmus.scrapeAnnotations" . | fromYaml -}}
{{- $annotations := merge dict (default dict .annotations) .values.podAnnotations $scrape -}}
labels:
  {{- include "isthmus.labels" .root | nindent 2 }}
  {{- include "isthmus.selector" . | nindent 2 }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* What all pods have in common, to be used inside a pod's spec. Takes {root, values}; the values say where to run. */ -}}
{{- define "isthmus.podSpec" -}}
serviceAccountName: {{ default (include "isthmus.serviceAccount" .root) .serviceAccount }}
automountServiceAccountToken: {{ default false .mountToken }}
enableServiceLinks: false # Kubernetes would set ISTHMUS_* variables of its own
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* As podSpec, for pods of which there are several: they spread over zones and nodes. Takes {root, component, values}. */ -}}
{{- define "isthmus.replicatedPodSpec" -}}
{{ include "isthmus.podSpec" . }}
topologySpreadConstraints:
{{- if .values.topologySpreadConstraints }}
  {{- toYaml .values.topologySpreadConstraints | nindent 2 }}
{{- else }}
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "isthmus.selector" $ | nindent 8 }}
{{- end }}
{{- end }}
{{- end }}

{{- define "isthmus.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- /* The probes of a process of ours, and the pause before its end: until the Service has taken the pod out.
A process that lives is left alone: whether it can do its work is for readiness to say. Takes {port, pause}. */ -}}
{{- define "isthmus.lifecycle" -}}
startupProbe:
  httpGet: {path: /healthz, port: {{ .port }}}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: {{ .port }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: {{ .port }}}
  periodSeconds: 5
  timeoutSeconds: 3
{{- if .pause }}
lifecycle:
  preStop:
    exec: {command: [sleep, {{ .pause | quote }}]}
{{- end }}
{{- end }}

{{- /* Takes {root, component, name, value}; nothing unless it is enabled. */ -}}
{{- define "isthmus.disruptionBudget" -}}
{{- if .value.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ .name }}
  labels:
    {{- include "isthmus.labels" .root | nindent 4 }}
spec:
  maxUnavailable: {{ .value.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "isthmus.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{- /* Takes {name, secret}. */ -}}
{{- define "isthmus.secretVolume" -}}
- name: {{ .name }}
  secret: {secretName: {{ .secret }}, defaultMode: 0440}
{{- end }}

{{- /* Nothing, unless a StatefulSet would get claims of another size: Kubernetes refuses that without saying what to do.
Takes {root, name, path, storage}; `path` is that of the value. */ -}}
{{- define "isthmus.checkClaimIsTheSame" -}}
{{- $there := lookup "apps/v1" "StatefulSet" .root.Release.Namespace .name -}}
{{- if $there -}}
{{- $size := (first $there.spec.volumeClaimTemplates).spec.resources.requests.storage -}}
{{- if ne $size .storage.size -}}
{{- fail (printf "%s.size is fixed by the first install: there is %s, and %s is asked for. To grow volumes: patch the claims, delete the StatefulSet %s with --cascade=orphan, and upgrade again" .path $size .storage.size .name) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* What a volume is asked for. Takes a value `storage`. */ -}}
{{- define "isthmus.claimSpec" -}}
accessModes: [ReadWriteOnce]
{{- with .className }}
storageClassName: {{ . }}
{{- end }}
resources:
  requests: {storage: {{ .size }}}
{{- end }}
