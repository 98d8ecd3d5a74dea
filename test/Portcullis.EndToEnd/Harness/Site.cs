namespace Portcullis.EndToEnd.Harness;

/// <summary>
/// A running gateway with repositories behind it, whichever backend keeps them. The conformance suite in Conformance/ asks for
/// nothing else, so that each backend is held to the same tests.
/// </summary>
public abstract class Site : IAsyncLifetime
{
    // A site that several classes share lives as long as they take, all together.
    private static readonly TimeSpan s_tokenLifetime = TimeSpan.FromMinutes(55);

    private readonly Dictionary<string, Task<string>> _tokens = [];
    private readonly TemporaryFolder _folder = new();
    private int _repositories;

    public PortcullisServer Server { get; private set; } = null!;

    public string Url => Server.Url;

    public TemporaryFolder Folder => _folder;

    /// <summary>Whether a push may make a repository, with the permission for it.</summary>
    public virtual bool MakesRepositoriesByPush => true;

    /// <summary>What the audit calls a move of a ref of which nobody had to know whether it is a fast-forward.</summary>
    public virtual string UnprovedMove => "update";

    /// <summary>A token with these permissions; asked for again, it is the same one.</summary>
    public Task<string> TokenAsync(string subject, params string[] permissions)
    {
        var key = $"{subject} {string.Join(' ', permissions)}";
        lock (_tokens)
        {
            return _tokens.TryGetValue(key, out var token) ? token : _tokens[key] = Server.TokenAsync(subject, s_tokenLifetime, permissions);
        }
    }

    /// <summary>A name for a repository that no other test uses.</summary>
    public string NewRepositoryName(string name = "app") => $"team{Interlocked.Increment(ref _repositories)}/{name}";

    /// <summary>An empty repository.</summary>
    public abstract Task CreateRepositoryAsync(string repository, string objectFormat = "sha1");

    /// <summary>What the backend itself has: the lines of <c>git for-each-ref</c>.</summary>
    public abstract Task<string> RefsAsync(string repository);

    /// <summary>Fails unless the repository is whole.</summary>
    public abstract Task CheckRepositoryAsync(string repository);

    /// <summary>A git of its own for one test.</summary>
    public Git NewGit(string? program = null) => new(_folder[$"home-{Guid.NewGuid():N}"], program ?? "git");

    /// <summary>A folder of its own for one test.</summary>
    public string NewFolder() => _folder.Make($"work-{Guid.NewGuid():N}");

    /// <summary>A repository with three commits on main, one more on refs/heads/alice/topic, a light and an annotated tag. Gives its name.</summary>
    public async Task<string> SeededRepositoryAsync(string objectFormat = "sha1", Git? git = null)
    {
        var repository = NewRepositoryName();
        await CreateRepositoryAsync(repository, objectFormat);
        git ??= NewGit();
        var work = NewFolder();
        await git.OutputAsync(work, "init", "--quiet", $"--object-format={objectFormat}", ".");
        foreach (var number in (int[])[1, 2, 3])
        {
            await CommitAsync(git, work, $"file{number}.txt", $"content {number}\n");
        }

        await git.OutputAsync(work, "tag", "light");
        await git.OutputAsync(work, "tag", "-a", "v1", "-m", "release 1");
        await git.OutputAsync(work, "checkout", "--quiet", "-b", "alice/topic");
        await CommitAsync(git, work, "topic.txt", "topic\n");
        var owner = await TokenAsync("owner", "git:*:pull,push,force,delete");
        (await git.WithBearer(owner).RunAsync(work, "push", "--quiet", $"{Url}/{repository}.git", "main", "alice/topic", "light", "v1")).ShouldSucceed();
        return repository;
    }

    /// <summary>Adds one file and commits it. Gives the commit's id.</summary>
    public static async Task<string> CommitAsync(Git git, string work, string file, string content)
    {
        await File.WriteAllTextAsync(Path.Combine(work, file), content);
        await git.OutputAsync(work, "add", file);
        await git.OutputAsync(work, "commit", "--quiet", "-m", $"Add {file}");
        return await git.OutputAsync(work, "rev-parse", "HEAD");
    }

    public async ValueTask InitializeAsync() => Server = await StartAsync(_folder.Make("server"));

    public virtual async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<PortcullisServer> StartAsync(string folder);
}
