using System.Collections;
using System.Text.Json.Nodes;
using Portcullis.Audit;
using Portcullis.Gateway;
using Portcullis.Server.Commands;
using Portcullis.Server.Configuration;
using Portcullis.Server.Configuration.Policies;
using Portcullis.Tokens;
using Portcullis.Tokens.Derivation;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Server;

/// <summary>One configuration on this machine: where everything lies, and how it is opened. What the server and the commands share.</summary>
internal sealed class Installation(LoadedConfiguration loaded, TimeProvider timeProvider)
{
    private readonly PortcullisConfiguration _configuration = loaded.Options;

    private const long CommandReserveBytes = 256 << 10;

    // What Git Credential Manager and git-credential-oauth look for: with it they need no settings on the client's side.
    private const string GiteaRealm = "Gitea";

    /// <summary>The node under which commands write to the audit log, beside a server that runs.</summary>
    public string CommandNode => $"{_configuration.Audit.Node}-command";

    /// <summary>The configuration.</summary>
    public PortcullisConfiguration Configuration => _configuration;

    /// <summary>The configuration with what is known of its file.</summary>
    public LoadedConfiguration Loaded => loaded;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider => timeProvider;

    /// <summary>The <c>iss</c> of this installation's own tokens, and the audience of all that it accepts.</summary>
    public string Issuer => _configuration.Server.PublicUrl.TrimEnd('/');

    /// <summary>The folder of the private keys, mode 0700.</summary>
    public string KeysDirectory => Path.Combine(_configuration.Data, "keys");

    /// <summary>A signing key from before there was a database. It becomes the ring's first, so that its tokens stay good; the ring itself lies in the database.</summary>
    public string SigningKeyPath => Path.Combine(KeysDirectory, "signing.pem");

    /// <summary>The key that signs the audit log's checkpoints, mode 0600.</summary>
    public string AuditKeyPath => Path.Combine(KeysDirectory, "audit.pem");

    /// <summary>
    /// The public halves of the audit log's keys, for verifiers anywhere. Not beside the log: whoever can rewrite that could put a key of their own there.
    /// </summary>
    public string AuditPublicKeyPath => Path.Combine(KeysDirectory, "audit-keys.json");

    /// <summary>The secret behind the credentials of Git LFS transfers, mode 0600.</summary>
    public string TransferKeyPath => Path.Combine(KeysDirectory, "transfers.key");

    /// <summary>What lives as long as the server runs.</summary>
    public string RunDirectory => Path.Combine(_configuration.Data, "run");

    /// <summary>Reads the configuration as the server would.</summary>
    /// <param name="path">The <c>--config</c> option.</param>
    /// <param name="timeProvider">The clock.</param>
    public static Installation Load(string? path, TimeProvider timeProvider)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);
        try
        {
            return new Installation(ConfigurationLoader.Load(path, environment, Directory.GetCurrentDirectory()), timeProvider);
        }
        catch (ConfigurationException exception)
        {
            throw Problem("The configuration can't be used", exception);
        }
    }

    /// <summary>Makes the folders that only this installation's user may enter.</summary>
    public void MakeDirectories()
    {
        MakePrivate(_configuration.Data);
        MakePrivate(KeysDirectory);
        MakePrivate(RunDirectory);
        MakePrivate(_configuration.Mirrors.Directory);
        MakePrivate(_configuration.Repositories.Root);
        if (_configuration.Lfs.Root is { } objects)
        {
            MakePrivate(objects);
        }
    }

    /// <summary>The secret behind the credentials of Git LFS transfers; made on first use.</summary>
    public DerivedTokenKey OpenTransferKey()
    {
        MakePrivate(_configuration.Data);
        MakePrivate(KeysDirectory);
        try
        {
            return DerivedTokenKey.LoadOrCreate(TransferKeyPath);
        }
        catch (Exception exception) when (exception is KeySetFormatException or IOException or UnauthorizedAccessException)
        {
            throw KeyProblem(TransferKeyPath, exception);
        }
    }

    /// <summary>The audit log's key; made on first use. Its public half is laid beside the log.</summary>
    public AuditSigningKey OpenAuditKey()
    {
        MakePrivate(_configuration.Data);
        MakePrivate(KeysDirectory);
        MakePrivate(_configuration.Audit.Directory);
        var key = AuditSigningKey.LoadOrCreate(AuditKeyPath);
        PublishAuditKey(key.Jwk);
        return key;
    }

    // Earlier keys stay: what they signed is still to be verified.
    private void PublishAuditKey(string jwk)
    {
        var published = File.Exists(AuditPublicKeyPath) ? JsonNode.Parse(File.ReadAllText(AuditPublicKeyPath))!["keys"]!.AsArray() : [];
        var key = JsonNode.Parse(jwk)!;
        if (!published.Any(other => JsonNode.DeepEquals(other, key)))
        {
            published.Add(key);
            File.WriteAllText(AuditPublicKeyPath, new JsonObject { ["keys"] = published.DeepClone() }.ToJsonString() + "\n");
        }
    }

    /// <summary>Opens the audit log.</summary>
    /// <param name="key">Signs its checkpoints.</param>
    /// <param name="node">The chain to continue: the server's, or <see cref="CommandNode"/>.</param>
    /// <param name="notice">Told what an operator should know.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    public ValueTask<AuditLog> OpenAuditLogAsync(AuditSigningKey key, string node, Action<string>? notice, CancellationToken cancellationToken)
        => AuditLog.OpenAsync(
            new AuditLogOptions
            {
                Directory = _configuration.Audit.Directory,
                Node = node,
                Signer = key,
                MaxFileBytes = _configuration.Audit.MaxFileBytes,

                // A command writes a line or two: it needs no room held for what a server might have to record.
                ReserveBytes = node == CommandNode ? CommandReserveBytes : new AuditLogOptions { Directory = "" }.ReserveBytes,
                OnNotice = notice,
            },
            timeProvider,
            cancellationToken);

    /// <summary>This installation as an issuer of tokens.</summary>
    /// <param name="keys">Where its own keys come from.</param>
    public TrustedIssuer OwnIssuer(IKeySetSource keys) => new()
    {
        Issuer = Issuer,
        Audiences = [Issuer],
        Algorithms = SignatureAlgorithms.Asymmetric,
        KeySource = keys,
        Permissions = PermissionSource.Token,
        MaxLifetime = MaxLifetime,
    };

    /// <summary>The issuers that are trusted besides this installation itself.</summary>
    public IReadOnlyList<TrustedIssuer> ConfiguredIssuers() => [.. _configuration.Issuers.Select(Trusted)];

    /// <summary>The longest life of a token that this installation issues and accepts from itself.</summary>
    public TimeSpan MaxLifetime => _configuration.Authority.MaxAccessTokenLifetime;

    /// <summary>The gateway's part of the _configuration.</summary>
    public GatewayOptions GatewayOptions => new()
    {
        PublicUrl = Issuer,
        Realm = _configuration.Authority.GiteaCompatible ? GiteaRealm : _configuration.Server.Realm,
        TokenEndpoint = $"{Issuer}/oauth/token",
        RepositoriesRoot = _configuration.Repositories.Root,
        Upstreams = UpstreamChecks.Definitions(_configuration),
        MirrorsRoot = _configuration.Mirrors.Directory,
        MaxMirrorBytes = _configuration.Mirrors.MaxBytes,
        RunDirectory = RunDirectory,
        OperatorGitConfiguration = _configuration.Git.Configuration,
        GitProgram = _configuration.Git.Program,
        MaxPushBytes = _configuration.Limits.MaxPushBytes,
        RequestsPerMinute = _configuration.Limits.RequestsPerMinute,
        MaxConcurrentGitProcesses = _configuration.Limits.MaxConcurrentGitProcesses,
        GitProcessQueueTimeout = _configuration.Limits.GitProcessQueueTimeout,
        GitProcessTimeout = _configuration.Limits.GitProcessTimeout,
        MaxRefCommands = _configuration.Limits.MaxRefCommands,
        LfsEnabled = _configuration.Lfs.Enabled,
        LfsRoot = _configuration.Lfs.Root,
        UpstreamLfsRoot = Path.Combine(_configuration.Data, "upstream-lfs"),
        LfsTransferLifetime = _configuration.Lfs.TransferLifetime,
        MaxLfsObjectBytes = _configuration.Limits.MaxLfsObjectBytes,
        MaxFetchRequestBytes = _configuration.Limits.MaxFetchRequestBytes,
        MaintenanceInterval = _configuration.Repositories.MaintenanceInterval,
        PackCacheBytes = _configuration.Limits.PackCacheBytes,
        PackCacheAge = _configuration.Limits.PackCacheAge,
        AuditRequired = _configuration.Audit.Required,
    };

    /// <summary>Opens the policy, which is read again when it changes.</summary>
    public PolicyFile OpenPolicy(ILogger logger)
    {
        try
        {
            return PolicyFile.Open(_configuration.Policy, loaded.IsPolicyGiven, timeProvider, logger);
        }
        catch (ConfigurationException exception)
        {
            throw Problem("The policy can't be used", exception);
        }
    }

    /// <summary>All that is wrong, a line each.</summary>
    public static CommandFailedException Problem(string what, ConfigurationException exception)
        => new($"{what}:{string.Concat(exception.Problems.Select(problem => $"{Environment.NewLine}  {problem}"))}");

    /// <summary>Turns what goes wrong with keys into a sentence.</summary>
    public static CommandFailedException KeyProblem(string path, Exception exception) => new($"The key {path} can't be used: {exception.Message}");

    private TrustedIssuer Trusted(IssuerOptions issuer)
    {
        var algorithms = issuer.Algorithms.Count > 0 ? issuer.Algorithms
            : issuer.SecretFile is not null ? [SignatureAlgorithms.HS256]
            : (IReadOnlyList<string>)[SignatureAlgorithms.ES256, SignatureAlgorithms.RS256];
        return new TrustedIssuer
        {
            Issuer = issuer.Issuer,
            Audiences = [issuer.Audience.Length > 0 ? issuer.Audience : Issuer],
            Algorithms = algorithms,
            Types = issuer.Types,
            MaxLifetime = issuer.MaxLifetime,
            ClockSkew = issuer.ClockSkew,
            Permissions = issuer.Permissions,
            Ceiling = issuer.Ceiling,
            KeySource = issuer switch
            {
                { SecretFile: { } secret } => new SecretFileKeySetSource(secret, [.. algorithms], timeProvider),
                { Jwks: { } jwks } when Uri.TryCreate(jwks, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" => new HttpKeySetSource(url, timeProvider),
                { Jwks: { } jwks } => new FileKeySetSource(jwks, timeProvider),
                _ => new DiscoveryKeySetSource(issuer.Issuer, timeProvider),
            },
        };
    }

    private static void MakePrivate(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
