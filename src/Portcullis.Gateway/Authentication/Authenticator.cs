using Microsoft.AspNetCore.Http;
using Portcullis.AspNetCore.Credentials;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Git.SmartHttp;
using Portcullis.Tokens;

namespace Portcullis.Gateway.Authentication;

/// <summary>Step 2: who asks. A valid token, or a refusal; there is no third way.</summary>
internal sealed class Authenticator(TokenValidator validator, TransferCredentials transfers, RefusalTexts texts)
{
    /// <summary>Authenticates a request. A valid token and its caller, or a refusal.</summary>
    public async ValueTask<AuthenticationResult> AuthenticateAsync(HttpContext context, GitRoute? route, CancellationToken cancellationToken)
    {
        if (route is not null && route.Operation.IsLfsTransfer())
        {
            return AuthenticateTransfer(context, route);
        }

        var credential = CredentialReader.Read(context);
        if (credential.Problem is { } problem)
        {
            return new AuthenticationResult { Refusal = RefusalTexts.CredentialMalformed(problem) };
        }

        if (credential.Token is null)
        {
            return new AuthenticationResult { Refusal = texts.CredentialMissing(route) };
        }

        return await AuthenticateTokenAsync(context, credential.Token, route, cancellationToken);
    }

    /// <summary>Authenticates by a token that another protocol carried elsewhere than in the header.</summary>
    public async ValueTask<AuthenticationResult> AuthenticateTokenAsync(HttpContext context, string token, GitRoute? route, CancellationToken cancellationToken)
    {
        var result = await validator.ValidateAsync(token, new TokenContext(Thumbprint(context)), cancellationToken);
        return result.IsValid
            ? new AuthenticationResult { Token = result.Token, Caller = CallerOf(result.Token) }
            : new AuthenticationResult
            {
                Refusal = result.Error == TokenError.KeysUnavailable
                    ? RefusalTexts.KeysUnavailable(result.Description)
                    : texts.TokenInvalid(result.Code, result.Description, route),
            };
    }

    // By the header that a batch gave for this object, and by nothing else. An Authorization header is not looked at: git-lfs adds what http.extraHeader says
    // to every request, and that token may have expired meanwhile.
    private AuthenticationResult AuthenticateTransfer(HttpContext context, GitRoute route)
    {
        var header = context.Request.Headers[TransferCredentials.Header];
        if (header is not [{ Length: > 0 } credential])
        {
            return new AuthenticationResult { Refusal = RefusalTexts.TransferRefused("missing", "No credential for this object came with the request.") };
        }

        var result = transfers.Validate(credential, route, new TokenContext(Thumbprint(context)), out var transfer);
        if (!result.IsValid)
        {
            return new AuthenticationResult { Refusal = RefusalTexts.TransferRefused(result.Code, result.Description) };
        }

        return transfer is null
            ? new AuthenticationResult
            {
                Caller = CallerOf(result.Token),
                Refusal = RefusalTexts.TransferRefused("type_refused", "This credential is for the other way: to bring an object is not to fetch it."),
            }
            : new AuthenticationResult { Token = result.Token, Caller = CallerOf(result.Token), Transfer = transfer };
    }

    private static Caller CallerOf(ValidatedToken token) => new()
    {
        Subject = token.Subject,
        Issuer = token.Issuer,
        TokenId = token.TokenId,
        KeyId = token.KeyId,
        ClientId = token.ClientId,
        SessionId = token.SessionId,
        Actors = token.Actors.Count == 0 ? [] : [.. token.Actors.Select(actor => actor.Subject)],
    };

    // RFC 8705 §3.1: the certificate of the connection itself; no header can stand in for it.
    private static string? Thumbprint(HttpContext context) =>
        context.Connection.ClientCertificate is { } certificate
            ? Microsoft.AspNetCore.WebUtilities.WebEncoders.Base64UrlEncode(System.Security.Cryptography.SHA256.HashData(certificate.RawData))
            : null;
}
