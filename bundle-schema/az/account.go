package az

// Account is what `az account show` prints.
type Account struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	TenantID string `json:"tenantId"`
	Cloud    string `json:"environmentName"`
	State    string `json:"state"`
	At       string `json:"@at"`
}

// Group is a resource group.
type Group struct {
	Resource
	ManagedBy string `json:"managedBy"`
}

// ManagedCluster is the part of an AKS cluster that rules read.
type ManagedCluster struct {
	Resource
	KubernetesVersion string `json:"kubernetesVersion"`
	NodeResourceGroup string `json:"nodeResourceGroup"`
}
