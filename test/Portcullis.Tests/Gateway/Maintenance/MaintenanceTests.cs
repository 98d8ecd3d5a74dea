using Microsoft.Extensions.Logging.Abstractions;
using Portcullis.Gateway;
using Portcullis.Gateway.Backends.Host.Maintenance;
using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Git;
using Portcullis.Git.Names;
using GitProgram = Portcullis.Tests.Git.GitProgram;

namespace Portcullis.Tests.Gateway.Maintenance;

public sealed class MaintenanceTests : IAsyncLifetime
{
    private static readonly RepositoryPath Large = RepositoryPath.Parse("acme/large");
    private static readonly RepositoryPath Small = RepositoryPath.Parse("acme/small");

    private readonly string folder = Directory.CreateTempSubdirectory("portcullis-maintenance-").FullName;
    private GatewayOptions options = null!;
    private RepositoryStore store = null!;
    private RepositoryMaintenance maintenance = null!;

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        options = new GatewayOptions
        {
            PublicUrl = "https://git.example.com",
            TokenEndpoint = "https://git.example.com/oauth/token",
            RepositoriesRoot = Path.Combine(folder, "repositories"),
            RunDirectory = folder,
            OperatorGitConfiguration = Path.Combine(folder, "operator"),
        };
        store = RepositoryStore.Open(options, TimeProvider.System);
        maintenance = RepositoryMaintenance.Open(options, TimeProvider.System);
        await store.CreateAsync(Large, ObjectFormat.Sha1, Ended);
        await store.CreateAsync(Small, ObjectFormat.Sha1, Ended);
        Fill(Large, 1_200_000);
        Fill(Small, 1000);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_a_repository_lacks_is_seen_and_given()
    {
        Assert.Equal(MaintenanceNeeds.None, maintenance.Examine(Small));
        Assert.Equal(MaintenanceNeeds.Bitmap | MaintenanceNeeds.CommitGraph, maintenance.Examine(Large));
        var directory = store.Locate(Large)!;
        var main = GitProgram.RunText(directory, "rev-parse", "main");
        for (var i = 0; i < 1001; i++)
        {
            File.WriteAllText(Path.Combine(directory, "refs", "heads", "b" + i), main + "\n");
        }

        Assert.True(maintenance.Examine(Large).HasFlag(MaintenanceNeeds.LooseRefs));
        Assert.NotNull(await maintenance.MaintainAsync(Large, Ended));
        Assert.Equal(MaintenanceNeeds.None, maintenance.Examine(Large));
        Assert.Single(Directory.GetFiles(Path.Combine(directory, "objects", "pack"), "*.bitmap"));
        Assert.Equal(main, GitProgram.RunText(directory, "rev-parse", "b1000"));
        GitProgram.RunText(directory, "fsck", "--strict");
    }

    [Fact]
    public async Task The_schedule_maintains_those_that_need_it_and_leaves_the_others()
    {
        using var schedule = Schedule();
        Assert.Equal(1, await schedule.RunOnceAsync(Ended));
        Assert.Equal(0, await schedule.RunOnceAsync(Ended));
        Assert.Equal(MaintenanceNeeds.None, maintenance.Examine(Large));
        Assert.Empty(Directory.GetFiles(Path.Combine(store.Locate(Small)!, "objects", "pack"), "*.bitmap"));
    }

    [Fact]
    public async Task What_maintenance_can_t_give_is_not_tried_without_end()
    {
        File.WriteAllText(Path.Combine(store.Locate(Large)!, "shallow"), GitProgram.RunText(store.Locate(Large), "rev-parse", "main") + "\n");
        using var schedule = Schedule();
        Assert.Equal(1, await schedule.RunOnceAsync(Ended));
        Assert.NotEqual(MaintenanceNeeds.None, maintenance.Examine(Large));
        Assert.Equal(0, await schedule.RunOnceAsync(Ended));
    }

    [Fact]
    public async Task A_repository_that_somebody_maintains_is_left_to_them()
    {
        File.WriteAllText(Path.Combine(store.Locate(Large)!, "gc.pid"), $"{Environment.ProcessId} {Environment.MachineName}");
        Assert.Null(await maintenance.MaintainAsync(Large, Ended));
        Assert.Null(await maintenance.MaintainAsync(RepositoryPath.Parse("acme/none"), Ended));
    }

    [Fact]
    public async Task A_damaged_repository_does_not_keep_the_others_waiting()
    {
        var damaged = RepositoryPath.Parse("acme/damaged");
        await store.CreateAsync(damaged, ObjectFormat.Sha1, Ended);
        Fill(damaged, 1_200_000);
        var pack = Directory.GetFiles(Path.Combine(store.Locate(damaged)!, "objects", "pack"), "*.pack").Single();
        File.SetUnixFileMode(pack, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (var file = File.OpenWrite(pack))
        {
            file.Seek(200, SeekOrigin.Begin);
            file.Write(new byte[500]);
        }

        using var schedule = Schedule();
        Assert.Equal(1, await schedule.RunOnceAsync(Ended));
        Assert.Equal(MaintenanceNeeds.None, maintenance.Examine(Large));
        Assert.Equal(0, await schedule.RunOnceAsync(Ended));
    }

    private MaintenanceSchedule Schedule() => new(store, maintenance, options, TimeProvider.System, NullLogger<MaintenanceSchedule>.Instance);

    private void Fill(RepositoryPath repository, int bytes)
    {
        var content = new byte[bytes];
        new Random(1).NextBytes(content);
        var directory = store.Locate(repository)!;
        var blob = Text(GitProgram.Run(directory, ["hash-object", "-w", "--stdin"], content));
        var tree = Text(GitProgram.Run(directory, ["mktree"], System.Text.Encoding.ASCII.GetBytes($"100644 blob {blob}\tfile\n")));
        GitProgram.RunText(directory, "update-ref", "refs/heads/main", GitProgram.RunText(directory, "commit-tree", "-m", "x", tree));
        GitProgram.RunText(directory, "-c", "repack.writeBitmaps=false", "repack", "-a", "-d", "-q");
    }

    private static string Text(byte[] output) => System.Text.Encoding.ASCII.GetString(output).Trim();
}
