package collect

import "strings"

// azSettings keep az quiet, without prompts and without telemetry. The pattern
// AZURE_{SECTION}_{NAME} overrides az's configuration file.
var azSettings = []string{
	"AZURE_CORE_OUTPUT=json",
	"AZURE_CORE_ONLY_SHOW_ERRORS=true",
	"AZURE_CORE_COLLECT_TELEMETRY=false",
	"AZURE_CORE_NO_COLOR=true",
	"AZURE_CORE_SURVEY_MESSAGE=false",
	"AZURE_CORE_LOGIN_EXPERIENCE_V2=off",
	"AZURE_CORE_DISABLE_PROGRESS_BAR=true",
	// The default of old versions asks whether to install an extension, and waits.
	"AZURE_EXTENSION_USE_DYNAMIC_INSTALL=no",
	"AZURE_CLIENTS_SHOW_SECRETS_WARNING=no",
}

// azEnviron is the environment of az: the customer's own, with our settings and
// without defaults, because a default group silently narrows every list.
func azEnviron(environ []string) []string {
	var kept []string
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		name = strings.ToUpper(name)
		if strings.HasPrefix(name, "AZURE_DEFAULTS_") || overridden(name) {
			continue
		}
		kept = append(kept, variable)
	}
	return append(kept, azSettings...)
}

func overridden(name string) bool {
	for _, s := range azSettings {
		if strings.HasPrefix(s, name+"=") {
			return true
		}
	}
	return false
}
