"""Signatures that verify, attestation rules, keys that the server makes, OAuth clients."""

from __future__ import annotations

import base64

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from local_cloud.emulator.profiles.cloudresourcemanager import ORGANIZATION
from tests.unit.emulator.conftest import Cloud


@pytest.fixture
def account(cloud: Cloud, project: str) -> str:
    """The e-mail address of a service account."""
    body = {"accountId": "signer"}
    return str(cloud.ok("POST", f"iam/v1/projects/{project}/serviceAccounts", body)["email"])


def _published(cloud: Cloud, email: str, key_id: str) -> rsa.RSAPublicKey:
    certificates = cloud.ok("GET", f"www/service_accounts/v1/metadata/x509/{email}")
    key = x509.load_pem_x509_certificate(certificates[key_id].encode()).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def test_signed_blob_verifies(cloud: Cloud, account: str) -> None:
    payload = base64.b64encode(b"to be signed").decode()
    url = f"iamcredentials/v1/projects/-/serviceAccounts/{account}:signBlob"
    answer = cloud.ok("POST", url, {"payload": payload})
    signature = base64.b64decode(answer["signedBlob"])
    key = _published(cloud, account, answer["keyId"])
    key.verify(signature, b"to be signed", padding.PKCS1v15(), hashes.SHA256())
    assert cloud.ok("POST", url, {"payload": payload})["keyId"] == answer["keyId"]
    cloud.refused(400, "POST", url, {"payload": "not base64!"})


def test_signed_jwt_verifies_and_does_not_last(cloud: Cloud, account: str) -> None:
    url = f"iamcredentials/v1/projects/-/serviceAccounts/{account}:signJwt"
    answer = cloud.ok("POST", url, {"payload": '{"aud": "x", "sub": "y"}'})
    key = _published(cloud, account, answer["keyId"])
    assert jwt.decode(answer["signedJwt"], key, algorithms=["RS256"], audience="x")["sub"] == "y"
    late = int(cloud.clock.now().timestamp()) + 13 * 3600
    cloud.refused(400, "POST", url, {"payload": f'{{"exp": {late}}}'})
    cloud.refused(400, "POST", url, {"payload": "[]"})


def test_disabled_account_signs_nothing(cloud: Cloud, project: str, account: str) -> None:
    cloud.ok("POST", f"iam/v1/projects/{project}/serviceAccounts/{account}:disable", {})
    cloud.refused(403, "POST", f"iamcredentials/v1/projects/-/serviceAccounts/{account}:signJwt", {"payload": "{}"})


def test_provider_needs_its_pool(cloud: Cloud, project: str) -> None:
    providers = f"iam/v1/projects/{project}/locations/global/workloadIdentityPools/none/providers"
    body = {"oidc": {"issuerUri": "https://issuer.example"}, "attributeMapping": {"google.subject": "assertion.sub"}}
    cloud.refused(404, "POST", f"{providers}?workloadIdentityPoolProviderId=ci-provider", body)
    cloud.refused(404, "GET", providers)


def test_server_makes_the_key_of_a_provider(cloud: Cloud, project: str) -> None:
    pools = f"iam/v1/projects/{project}/locations/global/workloadIdentityPools"
    cloud.ok("POST", f"{pools}?workloadIdentityPoolId=ci-pool", {})
    saml = {"saml": {"idpMetadataXml": "<x/>"}, "attributeMapping": {"google.subject": "assertion.subject"}}
    cloud.ok("POST", f"{pools}/ci-pool/providers?workloadIdentityPoolProviderId=ci-saml", saml)
    wanted = {"use": "ENCRYPTION", "keyData": {"keySpec": "RSA_2048"}}
    cloud.ok("POST", f"{pools}/ci-pool/providers/ci-saml/keys?workloadIdentityPoolProviderKeyId=ci-key", wanted)
    shown = cloud.ok("GET", f"{pools}/ci-pool/providers/ci-saml/keys/ci-key")
    certificate = x509.load_pem_x509_certificate(shown["keyData"]["key"].encode())
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey)
    assert shown["keyData"]["format"] == "RSA_X509_PEM"


def test_attestation_rules(cloud: Cloud, project: str) -> None:
    pool = f"iam/v1/projects/{project}/locations/global/workloadIdentityPools/ci-pool"
    cloud.ok("POST", f"{pool.rpartition('/')[0]}?workloadIdentityPoolId=ci-pool", {})
    rule = {"attestationRule": {"googleCloudResource": "//compute.googleapis.com/projects/1/type/Instance"}}
    cloud.ok("POST", f"{pool}:addAttestationRule", rule)
    cloud.refused(409, "POST", f"{pool}:addAttestationRule", rule)
    assert cloud.ok("GET", f"{pool}:listAttestationRules")["attestationRules"] == [rule["attestationRule"]]
    cloud.ok("POST", f"{pool}:removeAttestationRule", rule)
    assert cloud.ok("GET", f"{pool}:listAttestationRules") == {}


def test_workforce_pool_belongs_to_the_organisation(cloud: Cloud) -> None:
    pools = "iam/v1/locations/global/workforcePools"
    cloud.ok("POST", f"{pools}?workforcePoolId=people-pool", {"parent": ORGANIZATION, "displayName": "People"})
    assert cloud.ok("GET", f"{pools}/people-pool")["sessionDuration"] == "3600s"
    cloud.refused(400, "POST", f"{pools}?workforcePoolId=other-pool", {})


def test_oauth_client_and_its_secret(cloud: Cloud, project: str) -> None:
    clients = f"iam/v1/projects/{project}/locations/global/oauthClients"
    body = {
        "clientType": "CONFIDENTIAL_CLIENT",
        "allowedGrantTypes": ["AUTHORIZATION_CODE_GRANT"],
        "allowedScopes": ["openid"],
        "allowedRedirectUris": ["https://app.example/callback"],
    }
    client = cloud.ok("POST", f"{clients}?oauthClientId=web-client", body)
    assert client["clientId"]
    credential = cloud.ok("POST", f"{clients}/web-client/credentials?oauthClientCredentialId=cred-one", {})
    assert credential["clientSecret"] == cloud.ok("GET", f"{clients}/web-client/credentials/cred-one")["clientSecret"]
    cloud.refused(400, "DELETE", f"{clients}/web-client/credentials/cred-one")
    cloud.ok("PATCH", f"{clients}/web-client/credentials/cred-one?updateMask=disabled", {"disabled": True})
    cloud.ok("DELETE", f"{clients}/web-client/credentials/cred-one")
    assert cloud.ok("DELETE", f"{clients}/web-client")["state"] == "DELETED"
