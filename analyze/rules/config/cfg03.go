package config

import (
	"fmt"
	"regexp"
	"slices"

	"azlb/analyze/errtext"
	"azlb/analyze/rule"
	"azlb/analyze/snapshot"
	bundle "azlb/bundle-schema"
	"azlb/report"
)

// CFG03 is a provider that is not told its security group.
var CFG03 = &rule.Rule{
	ID:       "AZLB-CFG03",
	Severity: report.Error,
	Doc: report.Doc{
		Title: "azure.json does not name the security group",
		Symptom: "Every Service of type LoadBalancer stays pending with `securityGroupName is not configured`, though its load balancer and address are there in Azure; in 1.10 and before the controller manager crashes instead " +
			"(`invalid memory address or nil pointer dereference` in reconcileSecurityGroup) and starts over and over.",
		Cause: "For every Service the provider writes rules that let clients in to one network security group (NSG), the one that securityGroupName in azure.json names. It does not look for the group of the nodes by itself. " +
			"Without the key the sync fails after the load balancer is written, for internal Services as well; versions before 1.11 and 1.10.5 did not check the answer and crashed.",
		Fix: []report.Step{
			{Say: "See which security group the nodes' subnet has.", Run: "az network vnet subnet show -g GROUP --vnet-name VNET -n SUBNET --query networkSecurityGroup.id -o tsv"},
			{Say: "Name it in securityGroupName (and its group in securityGroupResourceGroup, if it is not resourceGroup).", Run: "sudoedit /etc/kubernetes/azure.json", Changes: true},
			{Say: "Restart the controller; it reads the file only when it starts.", Run: "kubectl -n kube-system delete pod -l component=cloud-controller-manager", Changes: true},
		},
		References: []string{"kubernetes/website#7810", "kubernetes/kubernetes#64716", "kubernetes/kubernetes#64739", "kubernetes-sigs/kubespray#2773", "https://cloud-provider-azure.sigs.k8s.io/install/configs/"},
		Affects:    "all; the crash: up to 1.10.4 in 1.10, and before",
		Healthy:    "A group that is named and does not exist is AZLB-NSG14's. While Services are synced the controller evidently has a group: the file in the bundle is not the one that it reads, or a Secret adds to it.",
	},
	Needs: rule.Needs{
		Any:   []*bundle.Evidence{&bundle.CloudConfig, &bundle.Events, &bundle.ControllerLog},
		All:   []*bundle.Evidence{&bundle.Services},
		Clean: []*bundle.Evidence{&bundle.ControllerPods},
	},
	Texts:       []rule.Text{rule.Says(`securityGroupName is not configured`)},
	FollowsFrom: []string{"AZLB-AUTH08"},
	Check:       checkCFG03,
}

// groupPanic is a crash where the provider works with its security group.
var groupPanic = regexp.MustCompile(`(?s)invalid memory address or nil pointer dereference.*azure\.\(\*Cloud\)\.(?:reconcileSecurityGroup|getSecurityGroup)`)

func checkCFG03(p *rule.Pass) {
	errs := slices.DeleteFunc(p.Current(p.Knows), func(e *errtext.Error) bool { return p.Gone(e) || over(p, e) })
	crash := crashes(p)
	c := p.Snapshot.Config
	unnamed := c != nil && c.Invalid == "" && c.SecurityGroupName == "" && !bySecret(p)
	f := rule.Finding{Subject: file}
	var working []string
	switch {
	case len(errs) > 0:
		told := rule.Tell(errs)
		f.Services, working = p.Named(errs)
		f.Errors, f.Cites = errs, told.Cites
		f.Message = fmt.Sprintf("The provider is not told to which security group it shall write the rules of the Services, and fails their sync (%q, %s).", errs[len(errs)-1].Message, told.Span())
	case len(crash) > 0 && (unnamed || c == nil && !p.Snapshot.Lost(&bundle.CloudConfig)):
		f.Services = p.Waiting()
		f.Cites = []report.Cite{crash[len(crash)-1].Cite("")}
		f.Message = "The controller manager crashes where it works with the security group: releases of that time do so where azure.json names none."
		if !unnamed {
			f.Confidence, f.Why = report.Likely, "azure.json is not in the bundle; it may name a group that does not exist"
		}
		if len(f.Services) == 0 {
			f.Confidence, f.Why = report.Possible, "no Service waits for it, and nothing tells what came after the crash: it may be over"
		}
	case unnamed && p.Snapshot.Manifest != nil && neverSynced(p):
		for _, key := range p.Waiting() {
			if s := p.Graph.Service(key); s != nil && !s.Deleting() && !p.Failing(key) {
				f.Services = append(f.Services, key)
			}
		}
		if len(f.Services) == 0 {
			return
		}
		f.Confidence, f.Why = report.Likely, "no failure of it is in the bundle: the controller may have read another file, or not tried yet"
		f.Message = fmt.Sprintf("azure.json does not name the security group to which the provider shall write the rules of the Services, so every sync of a Service fails. %s waits.", rule.List(f.Services))
	default:
		return
	}
	if unnamed {
		f.Cites = append(f.Cites, c.Doc.Cite("/securityGroupName"))
		if len(errs) > 0 {
			f.Errors = nil // the file shows it as well
			f.Message += " securityGroupName in azure.json is empty or not there."
		}
	}
	if len(f.Services) == 0 {
		f.Severity, f.Services = report.Warning, working
		f.Message += " What the Services have works on, but they cannot be changed."
	}
	f.Fix = append([]report.Step{{Say: "See which security groups there are, and which subnets and interfaces have them: the one of the nodes is meant.", Run: "az network nsg list --query \"[].{id:id, subnets:subnets[].id, interfaces:networkInterfaces[].id}\" -o json"}},
		edit(p, "Name that group in securityGroupName, and its resource group in securityGroupResourceGroup if it is not resourceGroup.")...)
	p.Find(f)
}

// crashes lists the records of such crashes after which no sync succeeded.
func crashes(p *rule.Pass) []snapshot.Record {
	var out []snapshot.Record
	for _, r := range p.Snapshot.Records {
		if groupPanic.MatchString(r.Text) && !slices.ContainsFunc(p.Errors.Successes, func(s errtext.Success) bool { return !s.At.IsZero() && s.At.After(r.Time) }) {
			out = append(out, r)
		}
	}
	return out
}
