using Portcullis.Git.Advertisements;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.SmartHttp;
using Portcullis.Tests.Gateway.RefFiles;

namespace Portcullis.Tests.Git.Advertisements;

/// <summary>Our answers against the real git's, byte for byte.</summary>
public class DifferentialTests
{
    private static readonly string[][] Listings =
    [
        ["peel", "symrefs", "unborn"], [], ["peel"], ["symrefs"], ["unborn"], ["symrefs", "unborn"], ["peel", "symrefs", "ref-prefix refs/heads/"],
        ["ref-prefix HEAD", "peel"], ["ref-prefix H", "symrefs", "unborn"], ["ref-prefix "], ["ref-prefix refs/heads/ma", "ref-prefix refs/heads/main", "ref-prefix refs/heads/"],
        ["ref-prefix refs/tags/", "ref-prefix refs/heads/", "ref-prefix refs/tags/v", "peel"], ["ref-prefix nothing"], ["symrefs", "ref-prefix refs/heads/main"], ["ref-prefix refs/x"],
    ];

    public static TheoryData<string> Shapes => RepositoryShapes.Names;

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task Answers_of_every_shape_of_repository_are_git_s_own(string shape)
    {
        using var repository = RepositoryShapes.All[shape]();
        using var held = new HeldRefs();
        Compare(repository);
        await CompareHeldAsync(held, repository);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Answers_of_generated_repositories_are_git_s_own(int seed)
    {
        using var repository = RepositoryShapes.Random(seed);
        using var held = new HeldRefs();
        Compare(repository);
        await CompareHeldAsync(held, repository);
    }

    [Fact]
    public void Borrowed_objects_are_advertised_as_git_does()
    {
        using var lender = RepositoryShapes.All["plain"]();
        using var repository = new ScratchRepository();
        File.WriteAllText(Path.Combine(repository.Folder, "objects/info/alternates"), Path.Combine(lender.Folder, "objects") + "\n");
        repository.CreateRefs(lender.Run("rev-parse", "main"), "refs/heads/main");
        var theirs = repository.Advertisement(GitService.ReceivePack, GitProtocolVersion.V0);
        var parsed = RefSnapshotParser.ParseAdvertisementWithCapabilities(theirs);
        Assert.NotEmpty(parsed.Refs.Haves);
        Assert.Equal(Wire.Text(theirs), Ours(GitService.ReceivePack, GitProtocolVersion.V0, parsed.Refs, parsed.Capabilities));
    }

    /// <summary>What the gateway holds of a repository against what git says now.</summary>
    internal static async Task CompareHeldAsync(HeldRefs held, ScratchRepository repository)
    {
        var forFetch = await held.ForFetchAsync(repository.Folder);
        Assert.Equal(Wire.Text(repository.Listing()), Wire.Text(Wire.Written(output => LsRefsResponseWriter.Write(output, LsRefsRequest.Everything, forFetch))));
        var fetch = repository.Advertisement(GitService.UploadPack, GitProtocolVersion.V0);
        var fetchCapabilities = RefSnapshotParser.ParseAdvertisementWithCapabilities(fetch).Capabilities.Without("symref");
        Assert.Equal(Wire.Text(fetch), Ours(GitService.UploadPack, GitProtocolVersion.V0, forFetch, fetchCapabilities));
        var push = repository.Advertisement(GitService.ReceivePack, GitProtocolVersion.V0);
        var pushCapabilities = RefSnapshotParser.ParseAdvertisementWithCapabilities(push).Capabilities;
        Assert.Equal(Wire.Text(push), Ours(GitService.ReceivePack, GitProtocolVersion.V0, await held.ForPushAsync(repository.Folder), pushCapabilities));
    }

    private static void Compare(ScratchRepository repository)
    {
        var snapshot = RefSnapshotParser.ParseListing(repository.Listing(), repository.Format);
        foreach (var arguments in Listings)
        {
            var request = LsRefsRequest.Parse(CommandRequest.Parse(repository.LsRefs(arguments)));
            Assert.Equal(Wire.Text(repository.Listing(arguments)), Wire.Text(Wire.Written(output => LsRefsResponseWriter.Write(output, request, snapshot))));
        }

        foreach (var version in new[] { GitProtocolVersion.V0, GitProtocolVersion.V1 })
        {
            // Both ways: what was read is written again, and the listing of version 2 with the capabilities makes the older advertisement.
            var fetch = repository.Advertisement(GitService.UploadPack, version);
            var parsed = RefSnapshotParser.ParseAdvertisementWithCapabilities(fetch);
            Assert.Equal(Wire.Text(fetch), Ours(GitService.UploadPack, version, parsed.Refs, parsed.Capabilities));
            var listed = snapshot.WithShallow(parsed.Refs.Shallow);
            Assert.Equal(Wire.Text(fetch), Ours(GitService.UploadPack, version, listed, parsed.Capabilities.Without("symref")));

            var push = repository.Advertisement(GitService.ReceivePack, version);
            parsed = RefSnapshotParser.ParseAdvertisementWithCapabilities(push);
            Assert.Equal(Wire.Text(push), Ours(GitService.ReceivePack, version, parsed.Refs, parsed.Capabilities));
            Assert.Equal(Wire.Text(push), Ours(GitService.ReceivePack, version, listed, parsed.Capabilities));
        }

        var capabilities = repository.Advertisement(GitService.UploadPack, GitProtocolVersion.V2);
        Assert.Equal(Wire.Text(capabilities), Wire.Text(Wire.Written(CapabilityAdvertisement.Parse(capabilities).WriteTo)));
        Assert.Equal(repository.Format, CapabilityAdvertisement.Parse(capabilities).ObjectFormat);
    }

    private static string Ours(GitService service, GitProtocolVersion version, RefSnapshot refs, CapabilityList capabilities) =>
        Wire.Text(Wire.Written(output => RefAdvertisementWriter.Write(output, service, version, refs, capabilities)));
}
