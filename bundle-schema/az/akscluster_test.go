package az

import "testing"

// TestAKSIdentities: identities come in maps, whose keys are ids or names.
func TestAKSIdentities(t *testing.T) {
	list, err := Decode[AKSCluster]([]byte(`{"id": "/c", "name": "prod", "identity": {"type": "UserAssigned", "principalId": null,
  "userAssignedIdentities": {"/subscriptions/s1/resourceGroups/RG/providers/Microsoft.ManagedIdentity/userAssignedIdentities/cp": {"clientId": "c1", "principalId": "p1"}}},
  "properties": {"identityProfile": {"kubeletidentity": {"clientId": "c2", "objectId": "p2", "resourceId": "/x"}, "broken": null}}}`))
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	c := list[0]
	for id, i := range c.Identity.Assigned {
		if i.PrincipalID != "p1" || i.At != "/identity/userAssignedIdentities/"+"~1subscriptions~1s1~1resourceGroups~1RG~1providers~1Microsoft.ManagedIdentity~1userAssignedIdentities~1cp" || id == "" {
			t.Errorf("%+v", i)
		}
	}
	if k := c.Others["kubeletidentity"]; len(c.Identity.Assigned) != 1 || k.ObjectID != "p2" || k.At != "/properties/identityProfile/kubeletidentity" {
		t.Errorf("%+v", c.Others)
	}
	if _, err := Decode[AKSCluster]([]byte(`{"identity": {"userAssignedIdentities": {"/x": "text"}}}`)); err == nil {
		t.Error("a text passes for an identity")
	}
}
