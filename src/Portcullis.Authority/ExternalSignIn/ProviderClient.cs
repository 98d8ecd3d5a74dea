using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Portcullis.Authority.ExternalSignIn;

/// <summary>Talks to one provider: metadata and keys, and a code for an identity token.</summary>
internal sealed class ProviderClient(ExternalProvider settings, HttpClient http, TimeProvider clock)
{
    private static readonly string[] s_algorithms = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly ConfigurationManager<OpenIdConnectConfiguration> _metadata = new(
        settings.Issuer.TrimEnd('/') + "/.well-known/openid-configuration",
        new OpenIdConnectConfigurationRetriever(),
        new HttpDocumentRetriever(http) { RequireHttps = settings.Issuer.StartsWith("https:", StringComparison.OrdinalIgnoreCase) });

    public ExternalProvider Settings => settings;

    public async Task<OpenIdConnectConfiguration> GetMetadataAsync(CancellationToken cancellationToken)
    {
        try
        {
            OpenIdConnectConfiguration metadata = await _metadata.GetConfigurationAsync(cancellationToken);

            // OpenID Connect Discovery §4.3: or else another issuer's metadata would speak for this one.
            return metadata.Issuer == settings.Issuer
                ? metadata
                : throw new ProviderException("Your provider calls itself by another name than it is configured with. Tell an administrator.");
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or HttpRequestException)
        {
            throw new ProviderException("Your provider does not answer. Try again later.", exception);
        }
    }

    /// <summary>Whether its answers carry <c>iss</c> (RFC 9207 §3).</summary>
    public async Task<bool> NamesItselfAsync(CancellationToken cancellationToken) =>
        (await GetMetadataAsync(cancellationToken)).AdditionalData.TryGetValue("authorization_response_iss_parameter_supported", out var value)
        && value switch { bool flag => flag, JsonElement element => element.ValueKind == JsonValueKind.True, _ => string.Equals(value?.ToString(), "true", StringComparison.OrdinalIgnoreCase) };

    /// <summary>Exchanges a code for an identity token, and checks that (OpenID Connect Core §3.1.3.7).</summary>
    public async Task<JsonWebToken> RedeemAsync(string code, string verifier, string nonce, string redirectUri, CancellationToken cancellationToken)
    {
        OpenIdConnectConfiguration metadata = await GetMetadataAsync(cancellationToken);
        var text = await PostAsync(metadata.TokenEndpoint, code, verifier, redirectUri, cancellationToken);
        TokenValidationResult result = await _handler.ValidateTokenAsync(text, Parameters(metadata));
        if (!result.IsValid && result.Exception is SecurityTokenSignatureKeyNotFoundException)
        {
            // The provider may just have changed its keys; the manager bounds how often it looks.
            _metadata.RequestRefresh();
            result = await _handler.ValidateTokenAsync(text, Parameters(await GetMetadataAsync(cancellationToken)));
        }

        if (!result.IsValid || result.SecurityToken is not JsonWebToken token || !token.TryGetPayloadValue("nonce", out string? answered) || answered != nonce
            || string.IsNullOrEmpty(token.Subject) || (token.TryGetPayloadValue("azp", out string? party) && party != settings.ClientId))
        {
            throw new ProviderException("Your provider's answer could not be verified. Try again, or tell an administrator.", result.Exception);
        }

        return token;
    }

    private TokenValidationParameters Parameters(OpenIdConnectConfiguration metadata) => new()
    {
        ValidIssuer = settings.Issuer,
        ValidAudience = settings.ClientId,
        ValidAlgorithms = s_algorithms,
        IssuerSigningKeys = metadata.SigningKeys,
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        ClockSkew = TimeSpan.FromSeconds(30),
        LifetimeValidator = (notBefore, expires, _, parameters) =>
        {
            DateTime now = clock.GetUtcNow().UtcDateTime;
            return expires is { } end && now < end + parameters.ClockSkew && (notBefore is not { } start || now >= start - parameters.ClockSkew);
        },
    };

    private async Task<string> PostAsync(string endpoint, string code, string verifier, string redirectUri, CancellationToken cancellationToken)
    {
        var form = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = redirectUri, ["code_verifier"] = verifier, ["client_id"] = settings.ClientId,
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new FormUrlEncodedContent(form) };
        try
        {
            if (settings.ClientSecretFile is { } file)
            {
                // RFC 6749 §2.3.1: form-encoded before it is Base64.
                var secret = (await File.ReadAllTextAsync(file, cancellationToken)).Trim();
                request.Headers.Authorization = new AuthenticationHeaderValue(
                    "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(settings.ClientId)}:{Uri.EscapeDataString(secret)}")));
            }

            using HttpResponseMessage response = await http.SendAsync(request, cancellationToken);
            using JsonDocument document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            if (response.IsSuccessStatusCode && document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("id_token", out JsonElement token) && token.GetString() is { Length: > 0 and <= 65_536 } text)
            {
                return text;
            }

            throw new ProviderException("Your provider did not accept the sign-in. Try again, or tell an administrator.");
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or IOException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new ProviderException("Your provider does not answer as it should. Try again later.", exception);
        }
    }
}
