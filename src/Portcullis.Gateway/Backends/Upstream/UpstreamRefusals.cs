using Portcullis.Gateway.Refusals;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>What callers read when an upstream could not be used: who must mend what. What the upstream said itself stays in the log.</summary>
internal static class UpstreamRefusals
{
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(30);

    /// <summary>The refusal for a failure.</summary>
    public static Refusal For(UpstreamDefinition definition, UpstreamException exception, string requestId)
    {
        if (exception.Failure == UpstreamFailure.NoRoom)
        {
            return RefusalTexts.TooManyListings();
        }

        var reason = exception.Failure switch
        {
            UpstreamFailure.TimedOut => RefusalReason.UpstreamTimedOut,
            UpstreamFailure.Overloaded => RefusalReason.UpstreamOverloaded,
            _ => RefusalReason.UpstreamFailed,
        };
        return new Refusal
        {
            Reason = reason,
            Code = Code(exception.Failure),
            Text = $"The Git server behind '{definition.Name}' {What(definition, exception.Failure)}\n"
                + $"The log of this server says more, under request {requestId}.",
            RetryAfter = reason == RefusalReason.UpstreamFailed ? null : exception.RetryAfter ?? s_retryAfter,
        };
    }

    /// <summary>The stable code of a failure in the audit.</summary>
    public static string Code(UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.Unreachable => "upstream_unreachable",
        UpstreamFailure.TlsFailed => "upstream_tls_failed",
        UpstreamFailure.TimedOut => "upstream_timed_out",
        UpstreamFailure.Disconnected => "upstream_disconnected",
        UpstreamFailure.CutShort => "upstream_cut_short",
        UpstreamFailure.CredentialMissing => "upstream_credential_missing",
        UpstreamFailure.CredentialRejected => "upstream_credential_rejected",
        UpstreamFailure.Forbidden => "upstream_forbidden",
        UpstreamFailure.RedirectedAway => "upstream_redirected_away",
        UpstreamFailure.Overloaded => "upstream_overloaded",
        UpstreamFailure.UnexpectedStatus => "upstream_unexpected_status",
        UpstreamFailure.NotGit => "upstream_not_git",
        UpstreamFailure.NoRoom => "busy",
        _ => "upstream_malformed",
    };

    /// <summary>What stands behind <c>ng</c> when a push could not be handed on.</summary>
    public static string ShortReason(UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.CutShort => "the server behind broke off: fetch, and see whether it was done",
        UpstreamFailure.TimedOut => "the server behind did not answer in time: fetch, and see whether it was done",
        UpstreamFailure.Disconnected => "the server behind broke off before it answered: fetch, and see whether it was done",
        UpstreamFailure.Unreachable or UpstreamFailure.TlsFailed => "the server behind can't be reached",
        UpstreamFailure.CredentialMissing or UpstreamFailure.CredentialRejected or UpstreamFailure.Forbidden =>
            "the server behind does not accept this server's credential",
        UpstreamFailure.NoRoom => "this server has no room for more lists of refs at once: try again",
        UpstreamFailure.Overloaded => "the server behind is overloaded: try again later",
        _ => "the server behind did not answer as a Git server does",
    };

    private static string What(UpstreamDefinition definition, UpstreamFailure failure) => failure switch
    {
        UpstreamFailure.Unreachable when definition.Proxy is not null =>
            "can't be reached through the proxy that 'proxy' of this upstream names. The operator must see that the proxy runs and lets this server through ('proxyCredential'), and that the server behind it runs.",
        UpstreamFailure.Unreachable => "can't be reached. Its operator must see that it runs, and that this server can connect to it.",
        UpstreamFailure.TlsFailed => "shows no certificate that this server trusts. The operator must mend the certificate, or name its authority in 'certificateAuthority' of this upstream.",
        UpstreamFailure.TimedOut => "did not answer in time. Try again; if it stays so, its operator must see why it is slow.",
        UpstreamFailure.Disconnected => "closed the connection before it answered. Try again; if it stays so, its operator must see why.",
        UpstreamFailure.CutShort => "broke off in the middle of its answer. Try again; if it stays so, its operator must see why.",
        UpstreamFailure.CredentialMissing => "can't be asked: this server has no credential for it. The operator must put it where 'credential' of this upstream says.",

        // Some proxies answer to a wrong password as if they were the server.
        UpstreamFailure.CredentialRejected when definition.ProxyCredential is not null =>
            "or the proxy before it rejected the credential that this server has for it. Your own token is fine: the operator must renew 'credential' or 'proxyCredential' of this upstream.",
        UpstreamFailure.CredentialRejected => "rejected the credential that this server has for it. Your own token is fine: the operator must renew 'credential' of this upstream.",
        UpstreamFailure.Forbidden => "does not allow this to the credential that this server has for it. Your own token is fine: the operator must give that credential more, or another one.",
        UpstreamFailure.RedirectedAway => "sends this server elsewhere, where it does not go: the repository may have a new name. If it has not, the operator must correct 'url' of this upstream.",
        UpstreamFailure.Overloaded => "asks to be left alone for a while. Try again later.",
        UpstreamFailure.UnexpectedStatus => "answered with an error. Try again; if it stays so, its operator must see why.",
        UpstreamFailure.NotGit => "answered, but not as a Git server does. The operator must check 'url' of this upstream.",
        _ => "sent something that Git's protocol does not know. Its operator must see why.",
    };
}
