using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Golden;

/// <summary>A server whose policy has guard rails, for the sessions.</summary>
public class GoldenSite : HostSite
{
    private readonly SemaphoreSlim _seeding = new(1);
    private readonly HashSet<string> _seeded = [];

    /// <summary>A repository with some history, made once.</summary>
    public async Task SeedAsync(string repository)
    {
        await _seeding.WaitAsync();
        try
        {
            if (_seeded.Add(repository))
            {
                await CreateRepositoryAsync(repository);
                var (git, work) = (NewGit(), NewFolder());
                await git.OutputAsync(work, "init", "--quiet", ".");
                await CommitAsync(git, work, "README.md", "# app\n");
                await CommitAsync(git, work, "greet.sh", "echo hello\n");
                await git.OutputAsync(work, "tag", "v1");
                (await git.WithBearer(await TokenAsync("owner", $"git:{repository}:pull,push")).RunAsync(
                    work, "push", "--quiet", $"{Url}/{repository}.git", "main", "v1", "main:refs/heads/release/1")).ShouldSucceed();
            }
        }
        finally
        {
            _seeding.Release();
        }
    }

    /// <summary>An issuer whose tokens can be made faulty.</summary>
    public SecretIssuer Issuer { get; } = new();

    /// <summary>What a set of sessions needs besides.</summary>
    protected virtual string Settings => "";

    protected override async Task<PortcullisServer> StartAsync(string folder)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "policy.yaml"), """
            rules:
              - { repositories: [ "acme/*" ], refs: [ "refs/heads/release/*" ], deny: [ force, delete ] }
            """);
        return await PortcullisServer.StartAsync(folder, "policy: ./policy.yaml\n" + Issuer.SettingsIn(folder) + Settings);
    }
}

/// <summary>The same, for small pushes only.</summary>
public sealed class SmallPushSite : GoldenSite
{
    protected override string Settings => "limits: { maxPushBytes: 1MiB }\n";
}

/// <summary>The same, for few requests.</summary>
public sealed class FewRequestsSite : GoldenSite
{
    protected override string Settings => "limits: { requestsPerMinute: 6 }\n";
}
