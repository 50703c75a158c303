package az

// ScaleSet is Microsoft.Compute/virtualMachineScaleSets (the model).
type ScaleSet struct {
	Resource
	OrchestrationMode string `json:"orchestrationMode"`
	Profile           struct {
		Network struct {
			NICs []NIC `json:"networkInterfaceConfigurations"`
		} `json:"networkProfile"`
	} `json:"virtualMachineProfile"`
}

// VM is a virtual machine or a scale-set instance (InstanceID set).
type VM struct {
	Resource
	InstanceID         string `json:"instanceId"`
	LatestModelApplied *bool  `json:"latestModelApplied"`
	Network            struct {
		NICs []Ref `json:"networkInterfaces"`
	} `json:"networkProfile"`
	OSProfile struct {
		ComputerName string `json:"computerName"`
	} `json:"osProfile"`
	AvailabilitySet *Ref          `json:"availabilitySet"`
	ScaleSet        *Ref          `json:"virtualMachineScaleSet"`
	InstanceView    *InstanceView `json:"instanceView"`
	PowerStateText  string        `json:"powerState"`
}

// InstanceView is the runtime state of a machine.
type InstanceView struct {
	Statuses []Status `json:"statuses"`
}

// Status is one state of an instance view, for example PowerState/running.
type Status struct {
	Code    string `json:"code"`
	Level   string `json:"level"`
	Message string `json:"message"`
	At      string `json:"@at"`
}
