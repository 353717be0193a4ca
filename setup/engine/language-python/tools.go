//go:build tools

// Package languagepython pins the Python language host: the last sdk version that holds it.
package languagepython

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
