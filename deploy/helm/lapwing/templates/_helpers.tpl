{{- define "lapwing.labels" -}}
app.kubernetes.io/name: lapwing
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "lapwing.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- /* A map whose values are strings, also those that look like numbers. */}}
{{- define "lapwing.strings" -}}
{{- range $name, $value := . }}
{{ $name }}: {{ ternary ($value | int64) $value (kindIs "float64" $value) | toString | quote }}
{{- end }}
{{- end }}

{{- define "lapwing.priorityClass" -}}
{{- .Values.priorityClass.name | default (ternary .Release.Name "" .Values.priorityClass.create) -}}
{{- end }}

{{- /* names.VALUE, or nothing */}}
{{- define "lapwing.socket" -}}{{ (.Values.names | default dict).socket | default "" }}{{- end }}
{{- define "lapwing.api" -}}{{ (.Values.names | default dict).api | default false }}{{- end }}
