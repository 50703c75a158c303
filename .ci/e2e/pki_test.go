package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// authority signs the certificates of one test.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // its own certificate
}

// pair is a certificate with its key, as files.
type pair struct{ cert, key string }

func newAuthority(t *testing.T, dir, name string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	a := &authority{dir: dir, cert: cert, key: key, file: filepath.Join(dir, name+".crt")}
	writePEM(t, a.file, "CERTIFICATE", der)
	return a
}

// issue makes a certificate for a server on loopback, or for a user of those groups.
func (a *authority) issue(t *testing.T, name string, groups ...string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	must(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: groups},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost", "kubernetes.default.svc"},
	}, a.cert, &key.PublicKey, a.key)
	must(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	p := pair{filepath.Join(a.dir, name+".crt"), filepath.Join(a.dir, name+".key")}
	writePEM(t, p.cert, "CERTIFICATE", der)
	writePEM(t, p.key, "PRIVATE KEY", raw)
	return p
}

// server is the TLS configuration of a server of ours.
func (a *authority) server(t *testing.T, name string) *tls.Config {
	t.Helper()
	p := a.issue(t, name)
	cert, err := tls.LoadX509KeyPair(p.cert, p.key)
	must(t, err)
	return &tls.Config{Certificates: []tls.Certificate{cert}}
}

// tokenKey is the key with which the API server signs the tokens of service accounts.
type tokenKey struct {
	key  *rsa.PrivateKey
	file string
}

func newTokenKey(t *testing.T, dir string) *tokenKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	k := &tokenKey{key, filepath.Join(dir, "service-accounts.key")}
	writePEM(t, k.file, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	return k
}

// token is one of a service account that ends at that time.
func (k *tokenKey) token(t *testing.T, account string, ends time.Time) string {
	t.Helper()
	part := func(v any) string {
		raw, err := json.Marshal(v)
		must(t, err)
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	signed := part(map[string]string{"alg": "RS256", "typ": "JWT"}) + "." + part(map[string]any{
		"iss": issuer, "aud": []string{issuer}, "sub": "system:serviceaccount:default:" + account,
		"iat": ends.Add(-time.Hour).Unix(), "nbf": ends.Add(-time.Hour).Unix(), "exp": ends.Unix(),
		"kubernetes.io": map[string]any{"namespace": "default", "serviceaccount": map[string]string{"name": account, "uid": "1"}},
	})
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k.key, crypto.SHA256, sum[:])
	must(t, err)
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig)
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}
