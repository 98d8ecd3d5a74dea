using System.Net.Http.Headers;

namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>
/// Gives what an upstream is shown in a request's <c>Authorization</c>. It is the gateway's own: nothing of the caller's token goes into it. It belongs to
/// one upstream: whoever asks for it sends it to that upstream's own origin and nowhere else.
/// </summary>
internal interface IUpstreamCredential
{
    /// <summary>The header for a request; called for each, so what is costly is kept.</summary>
    /// <exception cref="UpstreamCredentialException">There is none; the message says why, for the operator.</exception>
    ValueTask<AuthenticationHeaderValue> GetAsync(UpstreamCredentialRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Asked once, after the upstream answered 401 to what <see cref="GetAsync"/> gave: a header that is worth one more try. Null where there is none, since
    /// the same would only be refused again.
    /// </summary>
    /// <exception cref="UpstreamCredentialException">There is none; the message says why, for the operator.</exception>
    ValueTask<AuthenticationHeaderValue?> RenewAsync(UpstreamCredentialRequest request, AuthenticationHeaderValue rejected, CancellationToken cancellationToken);
}

/// <summary>What a credential is for, so that it can be no larger than that.</summary>
/// <param name="Repository">The repository's path at the upstream, without the suffix.</param>
/// <param name="IsPush">Whether something is to be changed there.</param>
internal readonly record struct UpstreamCredentialRequest(string Repository, bool IsPush);
