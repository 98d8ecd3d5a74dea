namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>There is no credential for an upstream. The message is for the operator's log and names no secret.</summary>
internal class UpstreamCredentialException(string message) : Exception(message);

/// <summary>As far as this gateway's credential goes, the upstream has no such repository: for a caller it does not exist.</summary>
internal sealed class UpstreamRepositoryUnknownException(string message) : UpstreamCredentialException(message);
