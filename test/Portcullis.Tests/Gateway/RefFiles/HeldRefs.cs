using Portcullis.Gateway;
using Portcullis.Gateway.Backends.Host.Advertisements;
using Portcullis.Gateway.Backends.Host.Freshness;
using Portcullis.Gateway.Backends.Host.Processes;
using Portcullis.Gateway.Backends.Host.RefFiles;
using Portcullis.Git.Advertisements;

namespace Portcullis.Tests.Gateway.RefFiles;

/// <summary>What the gateway holds of repositories, with a git of its own whose starts are counted.</summary>
internal sealed class HeldRefs : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("portcullis-run-").FullName;
    private readonly RepositoryFacts facts;
    private readonly RefReader reader;

    public HeldRefs(string? gitProgram = null)
    {
        OperatorConfiguration = Path.Combine(folder, "operator");
        Git = GitInstallation.Prepare(
            new GatewayOptions
            {
                PublicUrl = "https://git.example.com",
                TokenEndpoint = "https://git.example.com/oauth/token",
                RepositoriesRoot = folder,
                RunDirectory = folder,
                OperatorGitConfiguration = OperatorConfiguration,
                GitProgram = gitProgram,
            },
            TimeProvider.System);
        facts = new RepositoryFacts(Git);
        reader = new RefReader(Git, facts, new RefFilesCache(Git));
    }

    public GitLauncher Git { get; }

    public string OperatorConfiguration { get; }

    public Task<RefSnapshot> ForFetchAsync(string directory) => reader.ReadForFetchAsync(directory, TestContext.Current.CancellationToken);

    public Task<RefSnapshot> ForPushAsync(string directory) => reader.ReadForPushAsync(directory, TestContext.Current.CancellationToken);

    public Task<string?> NameAsync(string directory) => reader.NameAsync(directory, TestContext.Current.CancellationToken);

    public async Task<RepositoryFacts.Facts> FactsAsync(string directory) => await facts.GetAsync(directory, TestContext.Current.CancellationToken);

    /// <summary>The refs without starting git, as soon as the file times have settled; null when git must be asked however long one waits.</summary>
    public async Task<RefSnapshot?> WithoutGitAsync(string directory)
    {
        for (var round = 0; round < 200; round++)
        {
            await ForFetchAsync(directory);
            using var repository = RepositoryFolder.Open(directory);
            if (facts.TryGet(repository) is { } known && reader.TryReadForFetch(repository, known) is { } refs)
            {
                return refs;
            }

            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        return null;
    }

    public void Dispose()
    {
        facts.Dispose();
        Directory.Delete(folder, recursive: true);
    }
}
