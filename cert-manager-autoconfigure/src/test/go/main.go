// Records what Go and client-go make of the inputs of KubeconfigDifferencesTests, PemDifferencesTests and
// ChainDifferencesTests. The tests compare with the recordings, so they do without Go.
package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	certutil "k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/certificate"
	"k8s.io/client-go/util/keyutil"
)

// What is read of an input, or the message of the error
type result map[string]any

// A directory for one input
var numbered = regexp.MustCompile(regexp.QuoteMeta(filepath.Clean(os.TempDir())) + "/[0-9]+/")

// The time of ChainDifferencesTests
var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func main() {
	resources := "../resources/io/kubelet/cert/"
	inputs := "../../../target/inputs-for-go/"
	record(inputs+"kubeconfigs", resources+"kubernetes/internal/kubeconfigs/client-go.json", kubeconfig)
	record(resources+"certificate/PemFuzzInputs/text", resources+"certificate/client-go.json", pair)
	record(inputs+"chains", resources+"request/go.json", chain)
}

// record writes what is read of each file of a folder. Paths in a file are relative to the folder.
func record(folder, recording string, read func(string) (result, error)) {
	files := must(os.ReadDir(folder))
	target := must(filepath.Abs(recording))
	home := must(os.Getwd())
	must(0, os.Chdir(folder))
	var lines []string
	for _, file := range files {
		if name := file.Name(); !strings.Contains(name, ".") {
			recorded, err := read(name)
			if err != nil {
				recorded = failed(err)
			}
			var encoded bytes.Buffer
			encoder := json.NewEncoder(&encoded)
			encoder.SetEscapeHTML(false)
			must(0, encoder.Encode(recorded))
			lines = append(lines, fmt.Sprintf("  %q: %s", name, bytes.TrimSpace(encoded.Bytes())))
		}
	}
	must(0, os.Chdir(home))
	must(0, os.WriteFile(target, []byte("{\n"+strings.Join(lines, ",\n")+"\n}\n"), 0o644))
}

func kubeconfig(file string) (result, error) {
	loaded, err := clientcmd.LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	resolved := clientcmd.NewDefaultClientConfig(*loaded, &clientcmd.ConfigOverrides{})
	config, err := resolved.ClientConfig()
	if err != nil {
		return nil, err
	}
	namespace, _, err := resolved.Namespace()
	if err != nil {
		return nil, err
	}
	server, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, err
	}
	settings, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	if err := rest.LoadTLSFiles(config); err != nil {
		return nil, err
	}
	token := config.BearerToken
	if config.BearerTokenFile != "" {
		content, err := os.ReadFile(config.BearerTokenFile)
		if err != nil {
			return nil, err
		}
		token = strings.TrimSpace(string(content))
	}
	read := result{"server": server.String(), "namespace": namespace}
	if config.ExecProvider != nil && token == "" && len(config.CertData) == 0 {
		// What else there is depends on what it prints
		read["command"] = filepath.Base(config.ExecProvider.Command)
		return read, nil
	}
	add := func(name, value string) {
		if value != "" {
			read[name] = value
		}
	}
	add("token", token)
	add("username", config.Username)
	add("impersonate", config.Impersonate.UserName)
	add("serverName", config.ServerName)
	if config.Insecure {
		read["insecure"] = true
	}
	if config.Proxy != nil {
		proxy, err := config.Proxy(&http.Request{URL: server})
		if err != nil {
			return nil, err
		}
		add("proxy", proxy.String())
	}
	if authorities, pool := trusted(config.CAData); len(authorities) > 0 {
		if !pool.Equal(settings.RootCAs) {
			panic("other authorities are trusted")
		}
		read["authorities"] = fingerprints(authorities)
	}
	if len(config.CertData) > 0 {
		presented, err := settings.GetClientCertificate(nil)
		if err != nil {
			return nil, err
		}
		add("certificate", fingerprint(presented.Certificate[0]))
	}
	return read, nil
}

// trusted reads authorities as AppendCertsFromPEM does, whose pool names none of them.
func trusted(content []byte) ([]*x509.Certificate, *x509.CertPool) {
	var authorities []*x509.Certificate
	pool := x509.NewCertPool()
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if authority, err := x509.ParseCertificate(block.Bytes); err == nil && len(block.Headers) == 0 &&
			block.Type == certutil.CertificateBlockType {
			authorities = append(authorities, authority)
			pool.AddCert(authority)
		}
	}
	return authorities, pool
}

// pair reads what the kubelet reads of its current pair, and the first certificate and the key alone.
func pair(file string) (result, error) {
	content := must(os.ReadFile(file))
	folder := must(os.MkdirTemp("", ""))
	defer os.RemoveAll(folder)
	must(0, os.WriteFile(filepath.Join(folder, "shop-current.pem"), content, 0o600))
	current, err := must(certificate.NewFileStoreWithLogger(logr.Discard(), "shop", folder, folder, "", "")).Current()
	stored := either(current, err, func(pair *tls.Certificate) string { return fingerprint(pair.Certificate[0]) })
	certificates, err := certutil.ParseCertsPEM(content)
	first := either(certificates, err, func(all []*x509.Certificate) string { return fingerprint(all[0].Raw) })
	key, err := keyutil.ParsePrivateKeyPEM(content)
	return result{"pair": stored, "certificate": first, "key": either(key, err, func(any) string { return "a key" })}, nil
}

// chain verifies a leaf by what is with it and by the authorities, which are in blocks of another type.
func chain(file string) (result, error) {
	var certificates []*x509.Certificate
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	content := must(os.ReadFile(file))
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		if block.Type == certutil.CertificateBlockType {
			certificates = append(certificates, parsed)
			options.Intermediates.AddCert(parsed)
		} else {
			options.Roots.AddCert(parsed)
		}
	}
	paths, err := certificates[0].Verify(options)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, issuer := range paths[0] {
		names = append(names, issuer.Subject.CommonName)
	}
	return result{"path": names}, nil
}

func fingerprints(certificates []*x509.Certificate) []string {
	var all []string
	for _, one := range certificates {
		all = append(all, fingerprint(one.Raw))
	}
	return all
}

func fingerprint(certificate []byte) string {
	digest := sha256.Sum256(certificate)
	return hex.EncodeToString(digest[:8])
}

func either[T any](value T, err error, show func(T) string) any {
	if err != nil {
		return failed(err)
	}
	return show(value)
}

func failed(err error) result {
	message := []rune(numbered.ReplaceAllString(err.Error(), ""))
	return result{"error": string(message[:min(len(message), 120)])}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
