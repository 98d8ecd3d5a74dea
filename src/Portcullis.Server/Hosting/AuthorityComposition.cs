using Portcullis.Access.Policies;
using Portcullis.Authority;
using Portcullis.Authority.ExternalSignIn;
using Portcullis.Authority.Keys;
using Portcullis.Authority.Storage;
using Portcullis.Server.Commands;
using Portcullis.Server.Configuration;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Server.Hosting;

/// <summary>Puts the authority into the program: its settings, its services, and its keys and revocations where the gateway looks for them.</summary>
internal static class AuthorityComposition
{
    /// <summary>Adds what validates tokens: with the authority, its key ring and revocations; without it, the configured issuers alone.</summary>
    public static void AddTokens(IServiceCollection services, Installation installation, Func<AccessPolicy> policy)
    {
        var issuers = installation.ConfiguredIssuers();
        if (installation.Configuration.Authority.Enabled)
        {
            services.AddPortcullisAuthority(Options(installation, policy, issuers));
        }
        else
        {
            services.AddSingleton<IRevocationList>(NoRevocations.Instance);
        }

        services.AddSingleton(provider => new TokenValidator(
            provider.GetService<KeyRing>() is { } ring ? [installation.OwnIssuer(ring), .. issuers] : issuers,
            installation.TimeProvider,
            provider.GetRequiredService<IRevocationList>()));
    }

    /// <summary>Makes the authority ready, and says what a person has to know.</summary>
    /// <returns>Whether this is its first start, which makes everything.</returns>
    /// <exception cref="CommandFailedException">Its database can't be used.</exception>
    public static async Task<bool> PrepareAsync(IServiceProvider services, CommandTerminal terminal, CancellationToken cancellationToken)
    {
        var report = await PrepareAsync(services, makeAdministrator: true, cancellationToken);
        var signing = services.GetRequiredService<KeyRing>().GetSigningKey();
        if (report.ImportedKeyFile is { } file)
        {
            terminal.Output.WriteLine($"took the signing key ({signing.Algorithm}, {signing.KeyId}) from {file} into the database; the file is not used any more");
        }
        else if (report.IsFirstStart)
        {
            terminal.Output.WriteLine($"made a signing key ({signing.Algorithm}, {signing.KeyId}) in the database");
        }

        if (report.Administrator is not { } administrator)
        {
            if (report.IsFirstStart && services.GetRequiredService<AuthorityOptions>() is { LocalAccounts: false } options && options.ExternalProviders.All(provider => provider.Administrators.Count == 0))
            {
                terminal.Output.WriteLine("nobody can become an administrator: 'administrators' of authority.providers names the groups whose members are");
            }

            return report.IsFirstStart;
        }

        if (terminal.IsTerminal)
        {
            terminal.Output.WriteLine($"made the administrator {administrator}; this link, good once and for three days, sets a passkey or password:");
            terminal.Output.WriteLine($"  {report.EnrolmentLink}");
        }
        else
        {
            // Whoever reads the link is the administrator: it is no line for a log.
            terminal.Output.WriteLine($"made the administrator {administrator}; `portcullis user enrol {administrator}` prints a link that sets a passkey or password");
        }

        return report.IsFirstStart;
    }

    /// <summary>Makes the authority ready.</summary>
    /// <exception cref="CommandFailedException">Its database can't be used.</exception>
    public static async Task<AuthorityStartupReport> PrepareAsync(IServiceProvider services, bool makeAdministrator, CancellationToken cancellationToken)
    {
        try
        {
            return await services.PreparePortcullisAuthorityAsync(makeAdministrator, cancellationToken);
        }
        catch (AuthorityDatabaseException exception)
        {
            throw new CommandFailedException(exception.Message);
        }
    }

    /// <summary>The authority's part of the configuration.</summary>
    /// <param name="installation">The installation.</param>
    /// <param name="policy">The policy in force, asked each time.</param>
    /// <param name="issuers">The configured issuers, as the gateway has them.</param>
    public static AuthorityOptions Options(Installation installation, Func<AccessPolicy> policy, IReadOnlyList<TrustedIssuer> issuers)
    {
        var configuration = installation.Configuration;
        var authority = configuration.Authority;
        return new AuthorityOptions
        {
            PublicUrl = installation.Issuer,
            DataDirectory = configuration.Data,
            Database = configuration.Database,
            KeyEncryptionKeyFile = authority.KeyEncryptionKeyFile,
            KeyEncryptionCertificate = authority.KeyEncryptionCertificate is { } certificate ? Files(certificate) : null,
            FormerKeyEncryptionCertificates = [.. authority.FormerKeyEncryptionCertificates.Select(Files)],
            FirstSigningKeyFile = installation.SigningKeyPath,
            Policy = policy,
            TrustedIssuers = issuers,
            AccessTokenLifetime = authority.AccessTokenLifetime,
            MaxAccessTokenLifetime = authority.MaxAccessTokenLifetime,
            RefreshTokenLifetime = authority.RefreshTokenLifetime,
            RefreshTokenReuseLeeway = authority.RefreshTokenReuseLeeway,
            BrowserSessionLifetime = authority.BrowserSessionLifetime,
            SigningAlgorithm = authority.SigningAlgorithm,
            AdditionalSigningAlgorithms = authority.AdditionalSigningAlgorithms,
            RotateSigningKeyEvery = authority.RotateSigningKeyEvery,
            PublishSigningKeyBefore = authority.PublishSigningKeyBefore,
            MaxExchangeDepth = authority.MaxExchangeDepth,
            LocalAccounts = authority.LocalAccounts,
            ExternalProviders = [.. authority.Providers.Select(Provider)],
            GiteaCompatible = authority.GiteaCompatible,
            MaxFailedSignIns = authority.MaxFailedSignIns,
            MaxFailuresPerAddress = authority.MaxFailuresPerAddress,
        };
    }

    private static KeyEncryptionCertificate Files(CertificateOptions certificate) => new(certificate.Path, certificate.KeyPath);

    private static ExternalProvider Provider(ProviderSettings provider) => new()
    {
        Name = provider.Name,
        DisplayName = provider.DisplayName,
        Issuer = provider.Issuer,
        ClientId = provider.ClientId,
        ClientSecretFile = provider.ClientSecretFile,
        Scope = provider.Scope,
        NameClaim = provider.NameClaim,
        GroupsClaim = provider.GroupsClaim,
        Groups = provider.Groups,
        Administrators = provider.Administrators,
        CreateAccounts = provider.CreateAccounts,
    };
}
