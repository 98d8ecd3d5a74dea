namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>There is no credential for an upstream. The message is for the operator's log and names no secret.</summary>
internal sealed class UpstreamCredentialException(string message, Exception? inner = null) : Exception(message, inner);
