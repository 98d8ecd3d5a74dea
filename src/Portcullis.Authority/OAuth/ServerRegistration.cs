using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.EntityFrameworkCore.Models;
using OpenIddict.Server;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Keys;
using Portcullis.Authority.Storage;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Portcullis.Authority.OAuth;

/// <summary>Sets up OpenIddict: which flows, at which addresses, and where ours steps in.</summary>
internal static class ServerRegistration
{
    // Consonants without look-alikes, as RFC 8628 §6.1 proposes: no words come about by accident, and no digit is taken for a letter.
    private const string UserCodeLetters = "BCDFGHJKLMNPQRSTVWXZ";

    public static void AddOAuthServer(this IServiceCollection services, AuthorityOptions options)
    {
        services.AddOpenIddict()
            .AddCore(core =>
            {
                core.UseEntityFrameworkCore().UseDbContext<AuthorityDbContext>();
                core.ReplaceApplicationManager<OpenIddictEntityFrameworkCoreApplication, ClientManager>();
                core.ReplaceApplicationStore<OpenIddictEntityFrameworkCoreApplication, ClientStore>();
                core.ReplaceTokenStore<OpenIddictEntityFrameworkCoreToken, GrantTokenStore>();
            })
            .AddServer(server =>
            {
                server.SetIssuer(new Uri(options.Issuer, UriKind.Absolute));
                server.SetConfigurationEndpointUris(AuthorityPaths.OpenIdConfiguration, AuthorityPaths.ServerMetadata)
                    .SetJsonWebKeySetEndpointUris(AuthorityPaths.Jwks)
                    .SetAuthorizationEndpointUris(AuthorityPaths.Authorize)
                    .SetTokenEndpointUris(AuthorityPaths.Token)
                    .SetDeviceAuthorizationEndpointUris(AuthorityPaths.DeviceAuthorization)
                    .SetEndUserVerificationEndpointUris(AuthorityPaths.DevicePage)
                    .SetRevocationEndpointUris(AuthorityPaths.Revoke)
                    .SetIntrospectionEndpointUris(AuthorityPaths.Introspect)
                    .SetUserInfoEndpointUris(AuthorityPaths.UserInfo);
                server.AllowAuthorizationCodeFlow().RequireProofKeyForCodeExchange()
                    .AllowRefreshTokenFlow()
                    .AllowDeviceAuthorizationFlow()
                    .AllowClientCredentialsFlow()
                    .AllowTokenExchangeFlow();
                server.Configure(o =>
                {
                    // A challenge that is the verifier protects from nobody who sees the request (RFC 9700 §2.1.1).
                    o.CodeChallengeMethods.Remove(CodeChallengeMethods.Plain);

                    // OpenIddict's page for it runs inline script.
                    o.ResponseModes.Remove(ResponseModes.FormPost);
                    o.SubjectTokenTypes.Clear();
                    o.SubjectTokenTypes.UnionWith([TokenTypeIdentifiers.AccessToken, TokenTypeIdentifiers.IdentityToken, ExchangeTokenTypes.Jwt]);
                    o.ActorTokenTypes.Clear();
                    o.ActorTokenTypes.UnionWith([TokenTypeIdentifiers.AccessToken, TokenTypeIdentifiers.IdentityToken, ExchangeTokenTypes.Jwt]);
                    o.RequestedTokenTypes.Clear();
                    o.RequestedTokenTypes.Add(TokenTypeIdentifiers.AccessToken);
                    o.DefaultRequestedTokenType = TokenTypeIdentifiers.AccessToken;
                });

                // Scopes are permissions of the policy, without end: they are judged where tokens are made.
                server.DisableScopeValidation().DisableResourceValidation().IgnoreScopePermissions().IgnoreAudiencePermissions().IgnoreResourcePermissions();
                server.RegisterAudiences(options.EffectiveAudience);
                server.RegisterScopes(Scopes.OpenId, Scopes.Profile, Scopes.Email, Scopes.OfflineAccess);
                server.RegisterClaims(Claims.Subject, Claims.Name, Claims.PreferredUsername, Claims.Email, "groups", "sid");
                server.DisableAccessTokenEncryption().UseReferenceRefreshTokens();
                server.SetAccessTokenLifetime(options.AccessTokenLifetime)
                    .SetRefreshTokenLifetime(options.RefreshTokenLifetime)
                    .SetRefreshTokenReuseLeeway(options.RefreshTokenReuseLeeway)
                    .SetAuthorizationCodeLifetime(TimeSpan.FromMinutes(1))
                    .SetDeviceCodeLifetime(TimeSpan.FromMinutes(10))
                    .SetUserCodeLifetime(TimeSpan.FromMinutes(10))
                    .SetIdentityTokenLifetime(TimeSpan.FromMinutes(15))
                    .SetUserCodeCharset([.. UserCodeLetters.Select(c => c.ToString())])
                    .SetUserCodeLength(8)
                    .SetUserCodeDisplayFormat("{0}{1}{2}{3}-{4}{5}{6}{7}");
                server.UseAspNetCore()
                    .DisableTransportSecurityRequirement() // The server's configuration decides where plain HTTP is allowed, not this library.
                    .EnableAuthorizationEndpointPassthrough()
                    .EnableTokenEndpointPassthrough()
                    .EnableUserInfoEndpointPassthrough()
                    .EnableEndUserVerificationEndpointPassthrough()
                    .EnableErrorPassthrough();
                server.AddEventHandler(UseMintedToken.Descriptor)
                    .AddEventHandler(SignWithRing.Descriptor)
                    .AddEventHandler(NameIssuer.Descriptor)
                    .AddEventHandler(ValidateWithGatewayRules.Descriptor)
                    .AddEventHandler(TrustRingForHints.Descriptor)
                    .AddEventHandler(RevokeReplayedFamily.Descriptor)
                    .AddEventHandler(DescribeServer.Descriptor)
                    .AddEventHandler(NameIssuerInMetadata.Descriptor)
                    .AddEventHandler(NameIssuerInResponse.Descriptor)
                    .AddEventHandler(ReturnGrantedScope.Descriptor)
                    .AddEventHandler(CompleteGrantTransaction.Descriptor)
                    .AddEventHandler(IntrospectAccessToken.Descriptor)
                    .AddEventHandler(RevokeIssuedToken.Descriptor)
                    .AddEventHandler(NameExchangeClient.Descriptor)
                    .AddEventHandler(AcceptPlainAssertions.Descriptor)
                    .AddEventHandler(AcceptAssertionOnce.Descriptor)
                    .AddEventHandler(ValidateDeviceScope.Descriptor)
                    .AddEventHandler(SlowDownPolling.Descriptor)
                    .AddEventHandler(NamePollingInterval.Descriptor)
                    .AddEventHandler(ReadUserCodeAsTyped.Descriptor)
                    .RemoveEventHandler(OpenIddictServerHandlers.Revocation.RevokeToken.Descriptor)

                    // Whether a refresh may narrow is a matter of permissions, not of equal words: the token endpoint looks.
                    .RemoveEventHandler(OpenIddictServerHandlers.Exchange.ValidateGrantedScopes.Descriptor);
            });
        services.AddSingleton<RingCredentials>();
        services.AddSingleton<IConfigureOptions<OpenIddictServerOptions>, ConfigureCredentials>();
    }

    /// <summary>
    /// The internal secret signs and encrypts codes and refresh tokens. OpenIddict asks for an asymmetric key, too; what it would sign, <see cref="SignWithRing"/> signs, so any will do.
    /// </summary>
    private sealed class ConfigureCredentials(KeyRing ring) : IConfigureOptions<OpenIddictServerOptions>
    {
        public void Configure(OpenIddictServerOptions options)
        {
            options.SigningCredentials.Add(new SigningCredentials(
                new SymmetricSecurityKey(ring.InternalSecret[..32]) { KeyId = "internal" }, SecurityAlgorithms.HmacSha256));
            options.EncryptionCredentials.Add(new EncryptingCredentials(
                new SymmetricSecurityKey(ring.InternalSecret[32..]) { KeyId = "internal" }, SecurityAlgorithms.Aes256KW, SecurityAlgorithms.Aes256CbcHmacSha512));
            options.SigningCredentials.Add(new SigningCredentials(
                new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "unused" }, SecurityAlgorithms.EcdsaSha256));
        }
    }
}
