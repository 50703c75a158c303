package redact_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bundle "azlb/bundle-schema"
	"azlb/bundle-schema/redact"
	"azlb/collect"
)

// canary is a secret that is planted where secrets were found in real clusters.
type canary struct {
	name   string
	secret string // what must not leave, in any encoding
	place  string // of the fake cluster
	text   string // what stands there; empty: the secret alone
	// learned: only what another place tells of it makes it a secret.
	learned bool

	spellings []string
}

// made is a secret that looks made by a machine: n letters and digits, other ones for each seed.
func made(seed, n int) string {
	const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	out := make([]byte, n)
	state := uint64(seed)*0x9e3779b97f4a7c15 + 1
	for i := range out {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		out[i] = letters[state%uint64(len(letters))]
	}
	return string(out)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// wide is text as PowerShell encodes a command.
func wide(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }

// everyByte percent-encodes letters as well.
func everyByte(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02x", s[i])
	}
	return b.String()
}

const klog = "I1123 09:36:11.123456       1 azure_auth.go:12] "

// configured is the secret of azure.json, that other places repeat.
var configured = "Cfg~" + made(1, 20) + ".x"

func canaries() []canary {
	entra := made(2, 3) + "8Q~" + made(3, 34)
	jwt := "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"x","n":`+made(4, 20))) + "." + made(5, 40)
	storage := made(6, 86) + "=="
	bus := made(7, 43) + "="
	sas := made(8, 40) + "%2F" + made(9, 4) + "%3D"
	keyLines := []string{"MIIEpAIBAAKCAQEA" + made(10, 48), made(11, 64)}
	pemBegin, pemEnd := "-----BEGIN RSA "+"PRIVATE KEY-----", "-----END RSA "+"PRIVATE KEY-----"
	oneLine := made(12, 64)
	inPEM := made(13, 60)
	der := b64("\x30\x82\x04\xbd\x02\x01\x00\x30" + made(14, 120))
	password := func(seed int) string { return "P4ss-" + made(seed, 10) + "!" }
	list := []canary{
		{name: "client secret of Entra ID, bare", secret: entra, place: "event", text: "app id 5f6a7b8c uses " + entra + " since today"},
		{name: "client secret in a form", secret: made(20, 12), place: "log", text: klog + "POST grant_type=client_credentials&client_secret=" + made(20, 12) + "&resource=https"},
		{name: "client secret in JSON in a message", secret: made(21, 14), place: "event", text: `config is {"aadClientSecret":"` + made(21, 14) + `","cloud":"x"}`},
		{name: "client secret as Go prints it", secret: made(22, 16), place: "log", text: klog + "auth config {AADClientID:5e6f7a8b AADClientSecret=" + made(22, 16) + " Cloud:Public}"},
		{name: "client secret of azure.json", secret: configured, place: "aadClientSecret"},
		{name: "password of a certificate in azure.json", secret: password(23), place: "aadClientCertPassword"},
		{name: "other key of azure.json", secret: password(24), place: "vaultKey"},
		{name: "client secret bare in a log", secret: configured, place: "bare.log", text: klog + "using " + configured + " now", learned: true},
		{name: "client secret in base64 in a log", secret: configured, place: "base64.log", text: klog + "body " + b64("id;"+configured+";x"), learned: true},
		{name: "client secret URL-encoded in a log", secret: configured, place: "url.log", text: klog + "GET /?s=" + everyByte(configured), learned: true},
		{name: "client secret in hexadecimal digits", secret: configured, place: "hex.log", text: klog + "dump " + hex.EncodeToString([]byte(configured)), learned: true},
		{name: "client secret over two lines of klog", secret: configured, place: "split.log", text: klog + "dump " + configured[:11] + "\n" + klog + configured[11:] + " end", learned: true},
		{name: "client secret in base64 of 20 letters a line", secret: configured, place: "wrapped.log", text: folded(b64("begin "+configured+" end"), 20), learned: true},
		{name: "token in a header", secret: jwt, place: "log", text: klog + `GET https://x -H "Authorization: Bearer ` + jwt + `"`},
		{name: "token in an annotation", secret: strings.Replace(jwt, "eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJFUzI1NiJ9", 1), place: "annotation", text: strings.Replace(jwt, "eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJFUzI1NiJ9", 1)},
		{name: "opaque bearer token", secret: made(25, 32) + "7", place: "log", text: klog + "sent bearer " + made(25, 32) + "7"},
		{name: "shared key in a header", secret: made(26, 43), place: "event", text: "Authorization: SharedKey acct:" + made(26, 43) + "="},
		{name: "basic login", secret: b64("kubelet:" + password(27)), place: "log", text: klog + "proxy wants Basic " + b64("kubelet:"+password(27))},
		{name: "SAS in a URL", secret: sas, place: "event", text: "https://acct.blob.core.windows.net/c?sv=2020&sr=c&sig=" + sas + "&sp=r"},
		{name: "SAS, URL-encoded", secret: made(28, 43), place: "log", text: klog + "next https%3A%2F%2Facct.blob%2Fc%3Fsv%3D2020%26sig%3D" + made(28, 43) + "%253D"},
		{name: "SAS with the escapes of JSON", secret: made(29, 43), place: "log", text: klog + `url \"https://acct/c?sv\u003d2020\u0026sig\u003d` + made(29, 43) + `%3D\"`},
		{name: "connection string of a storage account", secret: made(30, 40), place: "tag", text: "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=" + made(30, 40) + "==;EndpointSuffix=core.windows.net"},
		{name: "storage key, bare", secret: storage, place: "log", text: klog + "key " + storage + " end"},
		{name: "connection string of a service bus", secret: bus, place: "annotation", text: "Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=" + bus},
		{name: "password in a redis URL", secret: password(31), place: "env", text: "redis://:" + password(31) + "@cache:6380/0"},
		{name: "password in a mongodb URL", secret: password(32), place: "log", text: klog + "dial mongodb://app:" + password(32) + "@db:10255/x"},
		{name: "password of postgres", secret: password(33), place: "arg", text: "host=db password=" + password(33) + " sslmode=require"},
		{name: "private key over lines of klog", secret: keyLines[1], place: "log", text: klog + pemBegin + "\n" + klog + keyLines[0] + "\n" + klog + keyLines[1] + "\n" + klog + pemEnd},
		{name: "private key in one line", secret: oneLine, place: "event", text: "loaded " + pemBegin + `\n` + oneLine + `\n` + pemEnd + `\n from disk`},
		{name: "private key in base64 (kubeconfig)", secret: inPEM, place: "event", text: "client-certificate-data: x client-key-data " + b64(pemBegin+"\n"+inPEM+"\n"+pemEnd+"\n")},
		{name: "private key without its lines", secret: der, place: "tag", text: "imported " + der},
		{name: "password of a proxy in stderr of az", secret: password(34), place: "stderr of az", text: "ERROR: ProxyError http://svc:" + password(34) + "@proxy:3128 refused"},
		{name: "token in stderr of kubectl", secret: made(35, 24), place: "stderr of kubectl", text: "error: token=" + made(35, 24) + " was refused"},
		{name: "password flag of a probe", secret: password(36), place: "probe", text: "redis-cli --pass " + password(36) + " ping"},
		{name: "password flag in a log", secret: password(37), place: "log", text: klog + "az login --service-principal -u app --password " + password(37) + " --tenant x"},
		{name: "header of a probe", secret: made(38, 18), place: "probe header"},
		{name: "command of a hook", secret: made(39, 18), place: "hook", text: "curl -u x:" + made(39, 18) + " http://x"},
		{name: "plain value of the environment", secret: "correct-horse-" + made(40, 6), place: "env"},
		{name: "GitHub token in a label", secret: "ghp_" + made(41, 36), place: "label"},
		{name: "GitLab token", secret: "glpat-" + made(42, 20), place: "log", text: klog + "clone with glpat-" + made(42, 20)},
		{name: "Slack webhook", secret: "T0" + made(43, 8) + "/B0" + made(44, 8) + "/" + made(45, 24), place: "annotation", text: "https://hooks.slack.com/services/T0" + made(43, 8) + "/B0" + made(44, 8) + "/" + made(45, 24)},
		{name: "access key of AWS", secret: "AKIA" + strings.ToUpper(made(46, 16)), place: "log", text: klog + "key id AKIA" + strings.ToUpper(made(46, 16)) + " found"},
		{name: "secret key of AWS", secret: made(47, 40), place: "logfile", text: "aws_secret_access_key=" + made(47, 40)},
		{name: "login to a registry", secret: b64("robot:" + password(48)), place: "annotation", text: `{"auths":{"acr.azurecr.io":{"auth":"` + b64("robot:"+password(48)) + `"}}}`},
		{name: "cookie", secret: made(49, 30), place: "log", text: klog + "Set-Cookie: session=" + made(49, 30) + "; Path=/"},
		{name: "bootstrap token", secret: "ab3def." + strings.ToLower(made(50, 16)), place: "event", text: "kubeadm join 10.0.0.1:6443 --token ab3def." + strings.ToLower(made(50, 16)) + " --discovery-token-ca-cert-hash sha256:00"},
		{name: "connection string in base64", secret: made(51, 40), place: "log", text: klog + "payload " + b64("AccountName=acct;AccountKey="+made(51, 40)+"==;x")},
		{name: "password in base64 of base64", secret: password(52), place: "event", text: "data " + b64("x: "+b64("db-password="+password(52)+" end")+" y")},
		{name: "password that PowerShell encoded", secret: password(53), place: "log", text: klog + "powershell -enc " + b64(wide("$env:DB_PASSWORD='"+password(53)+"'; go"))},
		{name: "password in a URL in a URL", secret: password(54), place: "log", text: klog + "redirect=http%3A%2F%2Fuser%3A" + url.QueryEscape(password(54)) + "%40proxy%3A3128%2F"},
		{name: "environment in last-applied-configuration", secret: "plain-horse-" + made(55, 6), place: "last-applied", text: `{"spec":{"containers":[{"env":[{"name":"X","value":"plain-horse-` + made(55, 6) + `"}]}]}}`},
		{name: "data of a ConfigMap", secret: "config-horse-" + made(56, 6), place: "configmap"},
		{name: "data of a Secret", secret: b64("secret-horse-" + made(57, 6)), place: "secret"},
		{name: "proxy of AKS", secret: "proxy-horse-" + made(58, 6), place: "arm httpproxyconfig"},
		{name: "body of a request in the activity log", secret: "body-horse-" + made(59, 6), place: "requestbody"},
		{name: "SAS in Azure's error in the activity log", secret: made(60, 44), place: "statusMessage", text: `{"error":{"message":"cannot read https://a/b?sig=` + made(60, 44) + `%3D"}}`},
		{name: "secret among the values of a resource", secret: "horse-of-a-webhook", place: "arm webhooksecret"},
		{name: "authorization in the activity log", secret: "allowed-horse-" + made(63, 6), place: "authorization"},
		{name: "description in the activity log", secret: "described-horse-" + made(64, 6), place: "description"},
		{name: "Secret that becomes the environment", secret: "environment-of-horses", place: "envFrom"},
		{name: "text of a Secret", secret: "string-horse-" + made(65, 6), place: "stringData"},
		{name: "bytes of a ConfigMap", secret: b64("binary-horse-" + made(66, 6)), place: "binaryData"},
		{name: "managed fields", secret: "managed-horse-" + made(67, 6), place: "managedFields"},
		{name: "GitHub token in a file's name", secret: "ghp_" + made(62, 36), place: "file name", learned: true},
	}
	seed := 100
	for _, key := range redact.Redactors() { // settings of extensions, keys of machines, customData, …
		if arm, ok := strings.CutPrefix(key, "arm "); ok && arm != "httpproxyconfig" && arm != "authorization" && arm != "description" {
			seed++
			list = append(list, canary{name: arm + " of a machine", secret: "arm-horse-" + made(seed, 6), place: key})
		}
	}
	for i := range list {
		list[i].text = cmp.Or(list[i].text, list[i].secret)
		list[i].spellings = spellings(list[i].secret)
	}
	return list
}

func folded(s string, width int) string {
	var b strings.Builder
	for ; len(s) > width; s = s[width:] {
		b.WriteString(s[:width] + "\n")
	}
	return b.String() + s
}

// planted is a fake cluster with canaries in it; it answers what kubectl and az are asked.
type planted struct{ at map[string][]string }

func plant(list []canary) *planted {
	p := &planted{at: map[string][]string{}}
	for _, c := range list {
		p.at[c.place] = append(p.at[c.place], c.text)
	}
	return p
}

// each writes a line for every text of a place.
func (p *planted) each(place, format string) string {
	var b strings.Builder
	for i, text := range p.at[place] {
		b.WriteString(strings.NewReplacer("#", fmt.Sprint(i), "%q", fmt.Sprintf("%q", text), "%s", text).Replace(format) + "\n")
	}
	return b.String()
}

const subscription = "6f5a8a52-3c1e-4d0f-9b5e-2f6d7c8a9b10"

// Run answers out of the planted cluster.
func (p *planted) Run(_ context.Context, c collect.Command, stdout io.Writer) collect.Outcome {
	if err := collect.Allowed(c, false); err != nil {
		return collect.Outcome{Refused: true, Exit: -1, Err: err}
	}
	text, o := p.answer(c)
	io.WriteString(stdout, text)
	return o
}

func (p *planted) answer(c collect.Command) (string, collect.Outcome) {
	const items = "apiVersion: v1\nitems:\n"
	const ends = "kind: List\nmetadata:\n  resourceVersion: \"\"\n"
	switch c.Evidence {
	case &bundle.KubeContext:
		return "lab\n", collect.Outcome{}
	case &bundle.Nodes:
		return items + "- apiVersion: v1\n  kind: Node\n  metadata:\n    name: a\n  spec:\n    providerID: azure:///subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/ss/virtualMachines/0\n" + ends, collect.Outcome{}
	case &bundle.Events:
		return items + p.each("event", "- apiVersion: v1\n  kind: Event\n  message: %q\n  metadata:\n    name: e#\n    namespace: shop") + ends, collect.Outcome{}
	case &bundle.Services:
		return items + "- apiVersion: v1\n  kind: Service\n  metadata:\n    annotations:\n      example.com/x: y\n" +
			p.each("annotation", "      example.com/a#: %q") + p.each("last-applied", "      kubectl.kubernetes.io/last-applied-configuration: |\n        %s") +
			"    labels:\n      env: prod\n" + p.each("label", "      example.com/l#: %s") + "    name: web\n    namespace: shop\n  spec:\n    selector:\n      app: web\n    type: LoadBalancer\n" + ends, collect.Outcome{}
	case &bundle.ControllerPods:
		return items + p.each("configmap", "- apiVersion: v1\n  data:\n    a.conf: %q\n  kind: ConfigMap\n  metadata:\n    name: c#\n    namespace: kube-system") +
			p.each("stringData", "- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: t#\n    namespace: kube-system\n  stringData:\n    a: %s") +
			p.each("binaryData", "- apiVersion: v1\n  binaryData:\n    a: %s\n  kind: ConfigMap\n  metadata:\n    name: b#\n    namespace: kube-system") +
			p.each("secret", "- apiVersion: v1\n  data:\n    a: %s\n  kind: Secret\n  metadata:\n    name: s#\n    namespace: kube-system") +
			"- apiVersion: v1\n  kind: Pod\n  metadata:\n" + p.each("managedFields", "    managedFields:\n    - manager: %s") + "    name: cloud-controller-manager-0\n    namespace: kube-system\n  spec:\n    containers:\n    - args:\n      - --cluster-name=lab\n" + p.each("arg", "      - %q") + "      name: manager\n" + ends, collect.Outcome{}
	case &bundle.Pods:
		env := p.each("env", "      - name: V#\n        value: %q")
		if env != "" {
			env = "    - env:\n" + env + "      image: x\n"
		} else {
			env = "    - image: x\n"
		}
		env += p.each("envFrom", "      envFrom:\n      - secretRef:\n          name: %s")
		headers := p.each("probe header", "          - name: X-Key\n            value: %s")
		if headers != "" {
			headers = "      readinessProbe:\n        httpGet:\n          httpHeaders:\n" + headers + "          path: /\n"
		}
		probe := p.each("probe", "      livenessProbe:\n        exec:\n          command:\n          - sh\n          - -c\n          - %q")
		hook := p.each("hook", "      lifecycle:\n        postStart:\n          exec:\n            command:\n            - %q")
		return items + "- apiVersion: v1\n  kind: Pod\n  metadata:\n    labels:\n      app: web\n    name: web-0\n    namespace: shop\n  spec:\n    containers:\n" + env + hook + probe + "      name: web\n" + headers + ends, collect.Outcome{}
	case &bundle.ControllerLog:
		return klog + "begin\n" + p.each("log", "%s") + klog + "end\n", collect.Outcome{}
	case &bundle.ControllerLogPrevious:
		return "", collect.Outcome{Exit: 1, Stderr: p.each("stderr of kubectl", "%s")}
	case &bundle.NICs:
		return "", collect.Outcome{Exit: 1, Stderr: p.each("stderr of az", "%s")}
	case &bundle.Account:
		return `{"id": "` + subscription + `", "environmentName": "AzureCloud", "user": {"name": "x", "type": "user"}}`, collect.Outcome{}
	case &bundle.LoadBalancers:
		return `[{"name": "kubernetes", "id": "/subscriptions/` + subscription + `/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/kubernetes", "tags": {` + p.each("tag", `"t#": %q, `) + `"x": "y"}}]`, collect.Outcome{}
	case &bundle.VMs:
		var b strings.Builder
		b.WriteString("[\n  {\n")
		for place := range p.at {
			if key, ok := strings.CutPrefix(place, "arm "); ok {
				b.WriteString(p.each(place, `    "`+key+`": %q,`))
			}
		}
		return b.String() + "    \"name\": \"vm\"\n  }\n]\n", collect.Outcome{}
	case &bundle.ActivityLog:
		return "[{\"properties\": {\n" + p.each("requestbody", `"requestbody": %q,`) + p.each("statusMessage", `"statusMessage": %q,`) + "\"a\": null}, " + p.each("authorization", `"authorization": {"x": %q},`) + p.each("description", `"description": %q,`) + "\"p\": {" + "\"statusCode\": \"OK\"}}]", collect.Outcome{}
	}
	if c.Evidence.Format == bundle.YAML {
		return items[:len("apiVersion: v1\n")] + "items: []\nkind: List\n", collect.Outcome{}
	}
	return "[]\n", collect.Outcome{}
}

// collected runs a collection of the planted cluster and returns the bundle's path.
func (p *planted) collected(t testing.TB) (string, error) {
	t.Helper()
	dir := t.TempDir()
	o := collect.Options{Runner: p, Progress: collect.Silent{}, Timeout: time.Minute, CommandTimeout: time.Minute, Since: time.Hour,
		Now: func() time.Time { return time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC) }, Output: filepath.Join(dir, "b.tgz")}
	write := func(name, text string) string {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name)
	}
	var keys strings.Builder
	for _, key := range []string{"aadClientSecret", "aadClientCertPassword", "vaultKey"} {
		keys.WriteString(p.each(key, fmt.Sprintf("%q: %%q,", key)))
	}
	o.CloudConfig = write("azure.json", "{\n"+keys.String()+"\"cloud\": \"AzurePublicCloud\"\n}\n")
	for _, place := range []string{"bare.log", "base64.log", "url.log", "hex.log", "split.log", "wrapped.log"} {
		if p.at[place] != nil {
			o.LogFiles = append(o.LogFiles, write(place, p.each(place, "%s")))
		}
	}
	o.LogFiles = append(o.LogFiles, write("kubelet.log", "a line\n"+p.each("logfile", "%s")))
	for _, name := range p.at["file name"] {
		o.LogFiles = append(o.LogFiles, write(name+".log", "a line\n"))
	}
	r, err := collect.Collect(t.Context(), o)
	return r.Path, err
}

// withheld is how many entries of a bundle were left out; all of it where there is none.
func withheld(t testing.TB, path string) int {
	t.Helper()
	if path == "" {
		return 1 << 10
	}
	b, err := bundle.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	n := 0
	for _, e := range b.Manifest.Entries {
		if e.Status == bundle.StatusWithheld || strings.HasPrefix(e.Stderr, redact.Mark+": it held") {
			n++
		}
	}
	return n
}

// texts are the bytes of a bundle: packed, unpacked with all names, and each content.
func texts(t testing.TB, path string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"the archive": string(raw), "the tar": untarred(t, raw)}
	b, err := bundle.Open([]string{path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	all[bundle.ManifestName] = string(b.ManifestText)
	if err := b.Each(func(f bundle.File) error {
		text, err := io.ReadAll(f.Reader)
		all[f.Name] = f.Name + "\n" + string(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// spellings are the encodings in which a secret is looked for.
func spellings(secret string) []string {
	all := []string{secret, url.QueryEscape(secret), everyByte(secret), strings.ToLower(url.QueryEscape(secret)), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), wide(secret)}
	for _, form := range []string{secret, wide(secret)} {
		for _, once := range cores(form) {
			all = append(append(all, once), cores(once)...)
		}
	}
	return all
}

// joined is a text and, behind it, the same without what breaks a secret over lines.
func joined(text string) string {
	return text + "\x00" + strings.ReplaceAll(strings.ReplaceAll(text, "\n"+klog, ""), "\n", "")
}

// cores are the three ways in which base64 writes a secret in the middle of a text.
func cores(secret string) []string {
	var all []string
	for before := range 3 {
		coded := base64.RawStdEncoding.EncodeToString([]byte("..."[:before] + secret))
		all = append(all, coded[[]int{0, 2, 3}[before]:len(coded)-2])
	}
	return all
}

// absent fails where a canary is in the bundle.
func absent(t *testing.T, path string, list []canary) {
	t.Helper()
	if path == "" {
		return
	}
	for name, text := range texts(t, path) {
		text = joined(text)
		for _, c := range list {
			for _, spelling := range c.spellings {
				if strings.Contains(text, spelling) {
					t.Errorf("%s: %q is in %s", c.name, spelling, name)
				}
			}
		}
	}
}

// TestCanaries: no planted secret leaves, and only what nothing tells beforehand costs
// an entry.
func TestCanaries(t *testing.T) {
	list := canaries()
	if len(list) < 40 {
		t.Fatalf("only %d canaries", len(list))
	}
	path, err := plant(list).collected(t)
	if err != nil {
		t.Fatal(err)
	}
	absent(t, path, list)
	lone := 0
	for _, c := range list {
		if c.learned {
			lone++
		}
	}
	if n := withheld(t, path); n != lone {
		t.Errorf("%d entries are withheld, want %d: those that repeat a secret", n, lone)
	}
}

// TestCanariesWithoutOneRedactor: what a part of the first pass would have removed,
// the second pass finds: the entry is withheld, or there is no bundle.
func TestCanariesWithoutOneRedactor(t *testing.T) {
	list := canaries()
	path, err := plant(list).collected(t)
	if err != nil {
		t.Fatal(err)
	}
	before := withheld(t, path)
	for _, name := range redact.Redactors() {
		t.Run(name, func(t *testing.T) {
			redact.Without(t, name)
			path, err := plant(list).collected(t)
			if err != nil && !strings.Contains(err.Error(), "no bundle is written") {
				t.Fatal(err)
			}
			absent(t, path, list)
			if n := withheld(t, path); n <= before {
				t.Errorf("%d entries are withheld, as many as with it", n)
			}
		})
	}
}

// TestEachCanary: alone, in a cluster that no first pass redacts, each canary costs its
// entry; and the search of these tests finds it where it was planted.
func TestEachCanary(t *testing.T) {
	redact.WithoutAny(t)
	path, err := plant(nil).collected(t)
	if err != nil || withheld(t, path) != 0 {
		t.Fatalf("an empty cluster: %v, %d withheld", err, withheld(t, path))
	}
	for _, c := range canaries() {
		t.Run(c.name, func(t *testing.T) {
			if !slices.ContainsFunc(c.spellings, func(s string) bool { return strings.Contains(joined(c.text), s) }) {
				t.Errorf("the secret is not found in %q", c.text)
			}
			if c.learned && c.place != "file name" {
				return // nobody can know that this is a secret
			}
			path, err := plant([]canary{c}).collected(t)
			if err != nil && !strings.Contains(err.Error(), "no bundle is written") {
				t.Fatal(err)
			}
			absent(t, path, []canary{c})
			if withheld(t, path) == 0 {
				t.Errorf("the second pass does not find it: %q", c.text)
			}
		})
	}
}
