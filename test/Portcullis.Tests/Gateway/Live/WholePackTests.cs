using System.Buffers;
using System.Text;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;
using GitProgram = Portcullis.Tests.Git.GitProgram;

namespace Portcullis.Tests.Gateway.Live;

/// <summary>A repository of one pack is cloned by sending that pack, and only where the pack is the answer.</summary>
public sealed class WholePackTests : IAsyncLifetime
{
    private readonly string work = Directory.CreateTempSubdirectory("portcullis-work-").FullName;
    private GatewayServer server = null!;
    private string repository = null!;
    private string seed = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync();
        repository = await server.CreateRepositoryAsync("acme/app");
        seed = Path.Combine(work, "seed");
        GitProgram.RunText(null, "init", "-q", "-b", "main", seed);
        File.WriteAllBytes(Path.Combine(seed, "large"), Noise(300_000));
        for (var round = 0; round < 3; round++)
        {
            File.AppendAllText(Path.Combine(seed, "file"), $"line {round}\n");
            GitProgram.RunText(seed, "add", ".");
            GitProgram.RunText(seed, "commit", "-q", "-m", "round " + round);
        }

        GitProgram.RunText(seed, "branch", "topic", "main~1");
        GitProgram.RunText(seed, "tag", "-a", "-m", "one", "v1", "main~2");
        GitProgram.RunText(seed, "push", "-q", repository, "main", "topic", "v1");
        Repack();
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(work, recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_clone_is_whole_in_every_version(int version)
    {
        server.ProtocolVersion = version;
        var clone = Path.Combine(work, "clone");
        var result = server.Git(server.Token("git:acme/app:pull"), null, "clone", "--progress", "--mirror", server.Url("acme/app"), clone);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(Refs(repository), Refs(clone));
        GitProgram.RunText(clone, "fsck", "--strict");

        // git makes a pack of the same objects in an order of its own, and tells the client how many there were.
        Assert.DoesNotContain("Total", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pack_is_sent_as_it_lies_there() => Assert.Equal(OnlyPack(), await PackAsync(Request()));

    [Fact]
    public async Task The_pack_is_sent_as_it_lies_there_in_the_older_versions()
    {
        Assert.Equal(OnlyPack(), await PackAsync(OldRequest("multi_ack_detailed no-done side-band-64k thin-pack ofs-delta"), version: 0));
        Assert.NotEqual(OnlyPack(), await PackAsync(OldRequest("multi_ack_detailed no-done side-band-64k thin-pack"), version: 0));
    }

    [Fact]
    public async Task The_whole_pack_is_sent_for_no_other_request()
    {
        var whole = OnlyPack();
        foreach (var request in (string[])
        [
            Request(wants: ["main"]),
            Request(options: ["thin-pack"]),
            Request(options: ["ofs-delta", "deepen 1"]),
            Request(options: ["ofs-delta", "filter blob:none"]),
            Request(options: ["ofs-delta", "have " + Id("main~1")]),
            Request(options: ["ofs-delta", "wait-for-done"]),
        ])
        {
            Assert.NotEqual(whole, await PackAsync(request));
        }
    }

    [Fact]
    public async Task Objects_that_no_ref_reaches_are_not_sent()
    {
        var secret = GitProgram.RunText(repository, "commit-tree", "-m", "secret", "main^{tree}");
        GitProgram.RunText(repository, "update-ref", "refs/heads/secret", secret);
        Repack();
        GitProgram.RunText(repository, "update-ref", "-d", "refs/heads/secret");
        await AssertNotWholeAsync();
        Assert.NotEqual(0, GitProgram.TryRun(Clone(), ["cat-file", "-e", secret]).ExitCode);
    }

    [Fact]
    public async Task Objects_of_refs_that_are_kept_from_clients_are_not_sent()
    {
        var secret = GitProgram.RunText(repository, "commit-tree", "-m", "secret", "main^{tree}");
        GitProgram.RunText(repository, "update-ref", "refs/internal/secret", secret);
        GitProgram.RunText(repository, "config", "transfer.hideRefs", "refs/internal");
        Repack();
        await AssertNotWholeAsync();
        Assert.NotEqual(0, GitProgram.TryRun(Clone(), ["cat-file", "-e", secret]).ExitCode);
    }

    [Fact]
    public async Task Who_sees_less_is_sent_less()
    {
        GitProgram.RunText(repository, "update-ref", "refs/heads/secret", GitProgram.RunText(repository, "commit-tree", "-m", "secret", "main^{tree}"));
        Repack();
        Assert.Equal(OnlyPack(), await PackAsync(Request(wants: ["main", "topic", "v1", "secret"])));
        var clone = Clone("git:acme/app@refs/heads/main,refs/heads/topic,refs/tags/*:pull");
        Assert.NotEqual(0, GitProgram.TryRun(clone, ["cat-file", "-e", Id("secret")]).ExitCode);
    }

    [Fact]
    public async Task Who_does_not_see_every_ref_never_learns_that_the_pack_is_whole()
    {
        // A hidden branch at a commit that a visible one reaches: whoever guesses all tips would be told by the pack that came that there is no other.
        GitProgram.RunText(repository, "update-ref", "-d", "refs/heads/topic");
        GitProgram.RunText(repository, "update-ref", "refs/heads/hidden", "main~1");
        Repack();
        var everything = Request();
        Assert.Equal(OnlyPack(), await PackAsync(everything));
        var (pack, progress) = await AnswerAsync(everything, scope: "git:acme/app@refs/heads/main,refs/tags/*:pull");
        Assert.NotEmpty(pack);
        Assert.Contains("Total", progress, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a loose object")]
    [InlineData("another pack")]
    [InlineData("borrowed objects")]
    [InlineData("no bitmap")]
    [InlineData("a promise")]
    [InlineData("a replaced object")]
    [InlineData("a cut history")]
    public async Task What_is_not_one_pack_is_left_to_git(string difference)
    {
        var pack = Directory.EnumerateFiles(Path.Combine(repository, "objects", "pack"), "*.pack").Single();
        switch (difference)
        {
            case "a loose object":
                GitProgram.RunText(repository, "commit-tree", "-m", "loose", "main^{tree}");
                break;
            case "another pack":
                GitProgram.RunText(repository, "update-ref", "refs/heads/more", GitProgram.RunText(repository, "commit-tree", "-m", "more", "main^{tree}"));
                GitProgram.RunText(repository, "repack", "-q", "-d");
                break;
            case "borrowed objects":
                var lender = Path.Combine(work, "lender");
                GitProgram.RunText(null, "init", "-q", "--bare", lender);
                File.WriteAllText(Path.Combine(repository, "objects", "info", "alternates"), Path.Combine(lender, "objects") + "\n");
                break;
            case "no bitmap":
                File.Delete(Path.ChangeExtension(pack, ".bitmap"));
                break;
            case "a promise":
                File.WriteAllText(Path.ChangeExtension(pack, ".promisor"), "");
                break;
            case "a replaced object":
                GitProgram.RunText(repository, "replace", "main", "main~2");
                break;
            default:
                File.WriteAllText(Path.Combine(repository, "shallow"), Id("main~2") + "\n");
                break;
        }

        await AssertNotWholeAsync();
        GitProgram.RunText(Clone(), "fsck", "--strict");
    }

    [Fact]
    public async Task A_push_between_two_clones_is_in_the_second()
    {
        Assert.Equal(OnlyPack(), await PackAsync(Request()));
        GitProgram.RunText(seed, "commit", "-q", "--allow-empty", "-m", "later");
        GitProgram.RunText(seed, "push", "-q", repository, "main");
        Assert.Equal(Id("main"), GitProgram.RunText(Clone(), "rev-parse", "HEAD"));
        Repack();
        Assert.Equal(OnlyPack(), await PackAsync(Request()));
    }

    // That git made it, and not that it is another: which it may not be. It says how many objects it gathered.
    private async Task AssertNotWholeAsync()
    {
        var (_, progress) = await AnswerAsync(Request(options: ["ofs-delta"]));
        Assert.Contains("Total", progress, StringComparison.Ordinal);
    }

    private async Task<byte[]> PackAsync(string request, int version = 2)
    {
        var (pack, progress) = await AnswerAsync(request, version);
        Assert.True(pack.Length == 0 || pack.AsSpan().StartsWith("PACK"u8));
        return progress.Contains("Total", StringComparison.Ordinal) ? [] : pack;
    }

    private async Task<(byte[] Pack, string Progress)> AnswerAsync(string request, int version = 2, string scope = "git:acme/app:pull")
    {
        using var client = server.Client(server.Token(scope));
        using var message = new HttpRequestMessage(HttpMethod.Post, "acme/app/git-upload-pack") { Content = new ByteArrayContent(Encoding.ASCII.GetBytes(request)) };
        message.Content.Headers.ContentType = new(GitService.UploadPack.RequestContentType());
        message.Headers.Add("Git-Protocol", "version=" + version);
        using var answer = await client.SendAsync(message, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        using var pack = new MemoryStream();
        var progress = new StringBuilder();
        ReadOnlySpan<byte> rest = body;
        while (PktLineReader.TryRead(ref rest, out var kind, out var payload))
        {
            if (kind == PktLineKind.Data && payload[0] == (byte)SidebandChannel.Pack)
            {
                pack.Write(payload[1..]);
            }
            else if (kind == PktLineKind.Data && payload[0] == (byte)SidebandChannel.Progress)
            {
                progress.Append(Encoding.UTF8.GetString(payload[1..]));
            }
        }

        Assert.True(rest.IsEmpty);
        return (pack.ToArray(), progress.ToString());
    }

    private string Request(string[]? wants = null, string[]? options = null)
    {
        var output = new ArrayBufferWriter<byte>();
        output.WriteText("command=fetch");
        output.WriteText("agent=git/2.39.5");
        output.WriteText("object-format=sha1");
        output.WriteDelim();
        foreach (var option in options ?? ["thin-pack", "ofs-delta"])
        {
            output.WriteText(option);
        }

        foreach (var want in wants?.Select(Id) ?? Refs(repository).Split('\n').Select(static line => line.Split(' ')[0]).Distinct())
        {
            output.WriteText("want " + want);
        }

        output.WriteText("done");
        output.WriteFlush();
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }

    private string OldRequest(string capabilities)
    {
        var output = new ArrayBufferWriter<byte>();
        foreach (var want in Refs(repository).Split('\n').Select(static line => line.Split(' ')[0]).Distinct())
        {
            output.WriteText($"want {want} {capabilities}".TrimEnd());
            capabilities = "";
        }

        output.WriteFlush();
        output.WriteText("done");
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }

    private string Clone(string scope = "git:acme/app:pull")
    {
        var clone = Path.Combine(work, Guid.NewGuid().ToString("N"));
        var result = server.Git(server.Token(scope), null, "clone", "-q", server.Url("acme/app"), clone);
        Assert.True(result.ExitCode == 0, result.Error);
        return clone;
    }

    private void Repack() => GitProgram.RunText(repository, "repack", "-q", "-a", "-d", "-b");

    private byte[] OnlyPack() => File.ReadAllBytes(Directory.EnumerateFiles(Path.Combine(repository, "objects", "pack"), "*.pack").Single());

    private string Id(string name) => GitProgram.RunText(repository, "rev-parse", name);

    private static string Refs(string directory) => GitProgram.RunText(directory, "for-each-ref", "--format=%(objectname) %(refname)");

    private static byte[] Noise(int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
