using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Portcullis.Audit;
using Portcullis.Authority.Clients;
using Portcullis.Authority.ExternalSignIn;
using Portcullis.Authority.Issuing;
using Portcullis.Authority.Keys;
using Portcullis.Authority.OAuth;
using Portcullis.Authority.Pages;
using Portcullis.Authority.People;
using Portcullis.Authority.Revocations;
using Portcullis.Authority.Sessions;
using Portcullis.Authority.Storage;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Authority;

/// <summary>Registers the authority.</summary>
public static class AuthorityServices
{
    /// <summary>
    /// Adds the authority's services, among them <see cref="KeyRing"/>, <see cref="IRevocationList"/>, <see cref="UserAdministration"/>, <see cref="ClientAdministration"/>,
    /// <see cref="Revocations.Revocations"/> and <see cref="TokenIssuing"/>. Before any is used, and before the host starts, call
    /// <see cref="AuthorityStartup.PreparePortcullisAuthorityAsync"/>.
    /// </summary>
    public static IServiceCollection AddPortcullisAuthority(this IServiceCollection services, AuthorityOptions options)
    {
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddLogging(logging => logging
            .AddFilter("OpenIddict", LogLevel.Warning) // At Trace it writes tokens.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None) // It writes whole addresses: a device's code, a provider's answer. With any logger of its own goes an activity for each request.
            .AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.Antiforgery", LogLevel.Error) // It warns of each form that it sets no-store where no-store is set.
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error));
        services.AddDbContextPool<AuthorityDbContext>(builder => DatabaseProvider.Configure(builder, options.EffectiveDatabase));
        KeyProtection.Add(services, options);
        AddPeople(services, options);
        services.AddOAuthServer(options);
        AddOwn(services, options);
        return services;
    }

    private static void AddPeople(IServiceCollection services, AuthorityOptions options)
    {
        services.AddHttpContextAccessor();
        services.AddIdentityCore<Person>(identity =>
            {
                identity.Stores.SchemaVersion = IdentitySchemaVersions.Version3;

                // NIST SP 800-63B §3.1.1.2: length, and no rules of composition.
                identity.Password = new PasswordOptions
                {
                    RequiredLength = 12, RequireDigit = false, RequireLowercase = false, RequireUppercase = false, RequireNonAlphanumeric = false, RequiredUniqueChars = 4,
                };
                identity.Lockout = new LockoutOptions { MaxFailedAccessAttempts = options.MaxFailedSignIns, DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5), AllowedForNewUsers = true };
            })
            .AddUserStore<PersonStore>()
            .AddSignInManager<SignIn>()
            .AddTokenProvider<OneTimeCodes>(TokenOptions.DefaultAuthenticatorProvider);
        services.Configure<IdentityPasskeyOptions>(passkeys =>
        {
            passkeys.ServerDomain = new Uri(options.PublicUrl).Host;
            passkeys.UserVerificationRequirement = "required";
            passkeys.ResidentKeyRequirement = "required";
        });

        // OWASP's figure for PBKDF2 with SHA-512.
        services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = 210_000);
        services.Configure<SecurityStampValidatorOptions>(stamp =>
        {
            stamp.ValidationInterval = TimeSpan.Zero;
            stamp.OnRefreshingPrincipal = SignIn.KeepSession;
        });
        services.AddAuthentication(IdentityConstants.ApplicationScheme)
            .AddCookie(IdentityConstants.ApplicationScheme, cookie =>
            {
                Harden(cookie, "portcullis", options);
                cookie.ExpireTimeSpan = options.BrowserSessionLifetime;
                cookie.LoginPath = AuthorityPaths.Login;
                cookie.Events.OnValidatePrincipal = SignIn.ValidateCookieAsync;
            })
            .AddCookie(IdentityConstants.TwoFactorUserIdScheme, cookie =>
            {
                Harden(cookie, "portcullis-step", options);
                cookie.ExpireTimeSpan = TimeSpan.FromMinutes(5);
            })
            .AddCookie(IdentityConstants.TwoFactorRememberMeScheme, cookie => Harden(cookie, "portcullis-remember", options))
            .AddCookie(IdentityConstants.ExternalScheme, cookie => Harden(cookie, "portcullis-external", options));
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = CookieName("portcullis-form", options);
            antiforgery.Cookie.SecurePolicy = SecurePolicy(options);
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.SuppressXFrameOptionsHeader = true; // The pages' Content-Security-Policy says it.
        });
    }

    private static void AddOwn(IServiceCollection services, AuthorityOptions options)
    {
        services.AddSingleton<CompiledQueries>();
        services.AddScoped<SessionStore>();
        services.AddSingleton(provider => new AuthorityAudit(options, provider.GetRequiredService<AuthorityStatus>(), Clock(provider), provider.GetRequiredService<IHttpContextAccessor>(), provider.GetService<AuditLog>(),
            provider.GetService<CommandOperator>()));
        services.AddSingleton<ProviderClients>();
        services.AddScoped<ExternalAccounts>();
        services.AddScoped<ExternalSignInPages>();
        services.AddSingleton<PlainDatabase>();
        services.AddSingleton<WriteTurns>();
        services.AddScoped<GrantTransaction>();
        services.AddSingleton<RevocationIndex>();
        services.AddSingleton(provider => new AuthorityStatus(provider.GetRequiredService<PlainDatabase>(), provider.GetRequiredService<RevocationIndex>()));
        services.AddSingleton<Portcullis.Tokens.Revocation.IRevocationSource>(provider => provider.GetRequiredService<RevocationIndex>());
        services.AddSingleton<RevocationFeedEndpoint>();
        services.AddSingleton<IRevocationList>(provider => provider.GetRequiredService<RevocationIndex>());
        services.AddSingleton(provider => new Revocations.Revocations(
            Scopes(provider), provider.GetRequiredService<PlainDatabase>(), provider.GetRequiredService<RevocationIndex>(), provider.GetRequiredService<AuthorityAudit>(), options, Clock(provider)));
        services.AddSingleton(provider => new KeyRing(
            Scopes(provider), provider.GetRequiredService<PlainDatabase>(), provider.GetRequiredService<IDataProtectionProvider>(), options, provider.GetRequiredService<Revocations.Revocations>(), Clock(provider),
            provider.GetRequiredService<ILogger<KeyRing>>()));
        services.AddSingleton<EnrolmentLinks>();
        services.AddSingleton(provider => new UserAdministration(
            Scopes(provider), provider.GetRequiredService<Revocations.Revocations>(), provider.GetRequiredService<EnrolmentLinks>(), options, Clock(provider)));
        services.AddSingleton(provider => new ClientAdministration(Scopes(provider), provider.GetRequiredService<Revocations.Revocations>(), options));
        services.AddSingleton<AccessTokenWriter>();
        services.AddSingleton(provider => new TokenIssuing(provider.GetRequiredService<AccessTokenWriter>(), options, Clock(provider)));
        services.AddSingleton<PermissionGrants>();
        services.AddSingleton<ExchangeValidator>();
        services.AddSingleton<TokenExchange>();
        services.AddScoped<TokenEndpoint>();
        services.AddScoped<AuthorizeEndpoint>();
        services.AddScoped<DevicePage>();
        services.AddScoped<UserInfoEndpoint>();
        services.AddScoped<SignInPages>();
        services.AddScoped<AccountPages>();
        services.AddScoped<SecondStepPages>();
        services.AddScoped<SessionList>();
        services.AddSingleton<PageWriter>();
        services.AddSingleton<SignInLimits>();
        services.AddSingleton<AuthorityRouter>();
        services.AddHostedService<AuthorityUpkeep>();
    }

    private static IServiceScopeFactory Scopes(IServiceProvider provider) => provider.GetRequiredService<IServiceScopeFactory>();

    private static TimeProvider Clock(IServiceProvider provider) => provider.GetRequiredService<TimeProvider>();

    private static void Harden(CookieAuthenticationOptions cookie, string name, AuthorityOptions options)
    {
        cookie.Cookie.Name = CookieName(name, options);
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SecurePolicy = SecurePolicy(options);

        // Lax, for a client's link to the authorization endpoint has to find the person signed in. Every change takes a form with its own token.
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.Path = "/";
        cookie.SlidingExpiration = true;
    }

    private static bool IsHttps(AuthorityOptions options) => options.PublicUrl.StartsWith("https:", StringComparison.OrdinalIgnoreCase);

    private static CookieSecurePolicy SecurePolicy(AuthorityOptions options) => IsHttps(options) ? CookieSecurePolicy.Always : CookieSecurePolicy.None;

    // RFC 6265bis §4.1.3.2: no other host, and no plain HTTP, can set a cookie of this name.
    private static string CookieName(string name, AuthorityOptions options) => IsHttps(options) ? "__Host-" + name : name;
}
