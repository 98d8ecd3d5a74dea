using System.Net.Http.Headers;

namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>
/// Gives what an upstream is shown in a request's <c>Authorization</c>. It is the gateway's own: nothing of the caller's token goes into it.
/// </summary>
internal interface IUpstreamCredential
{
    /// <summary>The header for a request; called for each, so what is costly is kept.</summary>
    /// <exception cref="UpstreamCredentialException">There is none; the message says why, for the operator.</exception>
    ValueTask<AuthenticationHeaderValue> GetAsync(UpstreamCredentialRequest request, CancellationToken cancellationToken);

    /// <summary>Told that the upstream refused what <see cref="GetAsync"/> gave, so that it is not given again if another can be had.</summary>
    void Reject(UpstreamCredentialRequest request, AuthenticationHeaderValue rejected);
}

/// <summary>What a credential is for, so that it can be no larger than that.</summary>
/// <param name="Repository">The repository's path at the upstream, without the suffix.</param>
/// <param name="IsPush">Whether something is to be changed there.</param>
internal readonly record struct UpstreamCredentialRequest(string Repository, bool IsPush);
