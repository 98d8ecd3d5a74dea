using System.Net.Http.Headers;
using System.Text;
using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Live;

/// <summary>What a caller who may pull only refs/heads/main and refs/heads/mallory/* can learn of the rest: nothing. Each test states an attack and the claim.</summary>
public sealed class HiddenRefTests : IAsyncLifetime
{
    private const string Scope = "git:acme/app@refs/heads/main,refs/heads/mallory/*:pull,push";
    private const string Missing = "0123456789012345678901234567890123456789";

    private readonly string work = Directory.CreateTempSubdirectory("portcullis-work-").FullName;
    private GatewayServer server = null!;
    private string repository = null!;
    private string seed = null!;
    private string token = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync();
        repository = await server.CreateRepositoryAsync("acme/app");
        seed = Path.Combine(work, "seed");
        GitProgram.RunText(null, "init", "-q", "-b", "main", seed);
        Commit("file", "public\n");
        GitProgram.RunText(seed, "checkout", "-q", "-b", "secret/plan");
        Commit("plan", "the secret plan, long enough to make a delta worth while\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"line {i}\n")));
        GitProgram.RunText(seed, "tag", "-a", "secret-tag", "-m", "secret");
        GitProgram.RunText(seed, "checkout", "-q", "main");
        Commit("file", "public two\n");
        GitProgram.RunText(seed, "tag", "-a", "hidden-on-main", "-m", "a hidden tag of a visible commit");
        GitProgram.RunText(seed, "push", "-q", repository, "main", "secret/plan", "secret-tag", "hidden-on-main");
        token = server.Token(Scope, "mallory");
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
    public void Only_visible_refs_are_advertised_and_cloned(int version)
    {
        server.ProtocolVersion = version;
        var listed = server.Git(token, null, "ls-remote", "--symref", server.Url("acme/app"));
        Assert.Equal(0, listed.ExitCode);
        Assert.Equal(
            [$"ref: refs/heads/main\tHEAD", $"{Id("main")}\tHEAD", $"{Id("main")}\trefs/heads/main"],
            listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        var clone = Clone(token);
        Assert.Equal(1, GitProgram.TryRun(clone, ["cat-file", "-e", Id("secret/plan")]).ExitCode);
        Assert.Equal("", GitProgram.RunText(clone, "tag"));
        Assert.Equal(1, GitProgram.TryRun(clone, ["cat-file", "-e", Id("hidden-on-main")]).ExitCode);
    }

    [Theory]
    [InlineData("secret/plan")]
    [InlineData("secret/plan:plan")]
    [InlineData("secret/plan^{tree}")]
    [InlineData("secret-tag")]
    public async Task Want_of_a_hidden_object_is_answered_as_for_a_missing_one(string hidden)
    {
        foreach (var version in (int[])[0, 2])
        {
            var real = await WantAsync(version, Id(hidden));
            var missing = await WantAsync(version, Missing);
            Assert.Contains("ERR", real, StringComparison.Ordinal);
            Assert.Equal(missing.Replace(Missing, "X", StringComparison.Ordinal), real.Replace(Id(hidden), "X", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("main~1")]
    [InlineData("main^{tree}")]
    [InlineData("main~1:file")]
    public async Task Want_of_what_a_visible_ref_reaches_is_served(string reached) =>
        Assert.Contains("PACK", await WantAsync(2, Id(reached)), StringComparison.Ordinal);

    [Fact]
    public async Task Have_of_a_hidden_object_is_not_acknowledged()
    {
        var hidden = await NegotiateAsync(Id("secret/plan"));
        var missing = await NegotiateAsync(Missing);
        Assert.Equal("0014acknowledgments\n0008NAK\n0000", hidden);
        Assert.Equal(missing, hidden);
        Assert.Contains("ACK " + Id("main~1"), await NegotiateAsync(Id("main~1")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shallow_at_a_hidden_commit_is_answered_as_at_a_missing_one()
    {
        var hidden = await ShallowAsync(Id("secret/plan"));
        Assert.Contains("shallow " + Id("main"), hidden, StringComparison.Ordinal);
        Assert.Equal(await ShallowAsync(Missing), hidden);
        Assert.Equal(hidden, await ShallowAsync(Id("secret/plan:plan")));
    }

    [Fact]
    public async Task Deepen_not_of_a_hidden_ref_is_answered_as_of_a_missing_one()
    {
        var hidden = await FetchAsync($"want {Id("main")}", "deepen-not secret/plan", "done");
        var missing = await FetchAsync($"want {Id("main")}", "deepen-not secret/none", "done");
        Assert.Contains("ERR", hidden, StringComparison.Ordinal);
        Assert.Equal(missing.Replace("secret/none", "X", StringComparison.Ordinal), hidden.Replace("secret/plan", "X", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Object_info_is_not_answered()
    {
        GitProgram.RunText(repository, "config", "transfer.advertiseObjectInfo", "true");
        var answer = await PostAsync(2, $"0017command=object-info0001{Line("size")}{Line("oid " + Id("secret/plan:plan"))}0000");
        Assert.DoesNotContain(Id("secret/plan:plan"), answer, StringComparison.Ordinal);
        var capabilities = await server.Client(token).SendAsync(
            new HttpRequestMessage(HttpMethod.Get, "acme/app/info/refs?service=git-upload-pack") { Headers = { { "Git-Protocol", "version=2" } } },
            TestContext.Current.CancellationToken);
        Assert.DoesNotContain("object-info", await capabilities.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Filter_that_reads_an_object_is_not_served()
    {
        GitProgram.RunText(repository, "config", "uploadpackfilter.allow", "true");
        GitProgram.RunText(repository, "config", "uploadpackfilter.sparse:oid.allow", "true");
        var answer = await FetchAsync($"want {Id("main")}", $"filter sparse:oid={Id("secret/plan:plan")}", "done");
        Assert.DoesNotContain("PACK", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Commit_that_names_a_hidden_tree_is_refused()
    {
        var clone = Clone(token);

        // The pusher knows the hidden tree's id, though not its content: git would be content, since the object exists.
        var commit = Encoding.UTF8.GetBytes(
            $"tree {Id("secret/plan^{tree}")}\nparent {Id("main")}\nauthor M <m@example.com> 1700000000 +0000\ncommitter M <m@example.com> 1700000000 +0000\n\nsteal\n");
        var id = Encoding.ASCII.GetString(GitProgram.Run(clone, ["hash-object", "-t", "commit", "-w", "--stdin", "--literally"], commit)).Trim();
        var answer = PushRaw(clone, "refs/heads/mallory/steal", id, [id]);
        Assert.Contains("objects that no ref you may pull reaches", answer, StringComparison.Ordinal);
        Assert.Equal("", GitProgram.RunText(repository, "for-each-ref", "refs/heads/mallory"));
    }

    [Fact]
    public void Branch_at_a_hidden_commit_is_refused()
    {
        var clone = Clone(token);
        var answer = PushRaw(clone, "refs/heads/mallory/steal", Id("secret/plan"), []);
        Assert.Contains("ng refs/heads/mallory/steal", answer, StringComparison.Ordinal);
        Assert.Equal("", GitProgram.RunText(repository, "for-each-ref", "refs/heads/mallory"));
    }

    [Fact]
    public void Delta_against_a_hidden_object_is_refused()
    {
        // A thin pack: a blob as a delta against the hidden one, and a commit and tree that are all the pusher's own.
        GitProgram.RunText(seed, "checkout", "-q", "-b", "thin", "main");
        GitProgram.RunText(seed, "checkout", "-q", "secret/plan", "--", "plan");
        File.AppendAllText(Path.Combine(seed, "plan"), "and one line more\n");
        GitProgram.RunText(seed, "add", "plan");
        GitProgram.RunText(seed, "commit", "-q", "-m", "derived");
        var tip = GitProgram.RunText(seed, "rev-parse", "HEAD");
        var pack = GitProgram.Run(
            seed,
            ["pack-objects", "--stdout", "-q"],
            Encoding.ASCII.GetBytes($"-{Id("secret/plan")}\n{tip}\n{Id("HEAD^{tree}")} \n{Id("HEAD:plan")} plan\n"));
        Assert.Contains("unresolved delta", GitProgram.TryRun(Empty(), ["index-pack", "--stdin"], pack).Error, StringComparison.Ordinal);
        var answer = PushPack("refs/heads/mallory/derived", tip, pack);
        Assert.Contains("ng refs/heads/mallory/derived", answer, StringComparison.Ordinal);

        // The same content sent whole is the pusher's own, and welcome.
        var whole = GitProgram.Run(seed, ["pack-objects", "--revs", "--stdout", "-q"], Encoding.ASCII.GetBytes($"{tip}\n^{Id("main")}\n"));
        Assert.Contains("ok refs/heads/mallory/derived", PushPack("refs/heads/mallory/derived", tip, whole), StringComparison.Ordinal);
    }

    [Fact]
    public void Thin_pack_against_visible_objects_is_welcome()
    {
        var clone = Clone(token);
        File.AppendAllText(Path.Combine(clone, "file"), string.Concat(Enumerable.Repeat("x\n", 1000)));
        GitProgram.RunText(clone, "commit", "-q", "-am", "more");
        var push = server.Git(token, clone, "push", "origin", "HEAD:refs/heads/mallory/more", "HEAD:main");
        Assert.True(push.ExitCode == 0, push.Error);
        File.AppendAllText(Path.Combine(clone, "file"), "y\n");
        GitProgram.RunText(clone, "commit", "-q", "-am", "and more");
        push = server.Git(token, clone, "push", "--thin", "origin", "HEAD:main");
        Assert.True(push.ExitCode == 0, push.Error);
        GitProgram.RunText(clone, "revert", "--no-edit", "HEAD");
        push = server.Git(token, clone, "push", "--thin", "origin", "HEAD:main");
        Assert.True(push.ExitCode == 0, push.Error);
    }

    [Fact]
    public void Push_to_a_hidden_ref_is_refused_alike_whether_it_exists()
    {
        var clone = Clone(token);
        foreach (var old in (string[])[Id("secret/plan"), Missing])
        {
            var exists = PushRaw(clone, "refs/heads/secret/plan", Id("main"), [], old);
            var missing = PushRaw(clone, "refs/heads/secret/none", Id("main"), [], old);
            Assert.Equal(missing.Replace("secret/none", "X", StringComparison.Ordinal), exists.Replace("secret/plan", "X", StringComparison.Ordinal));
        }

        Assert.Equal(Id("secret/plan"), GitProgram.RunText(repository, "rev-parse", "refs/heads/secret/plan"));
    }

    [Fact]
    public void Refusal_of_a_moved_ref_does_not_tell_its_value()
    {
        // May create and update, but not see.
        var blind = server.Token("git:acme/app@refs/heads/main:pull git:acme/app@refs/heads/secret/*:create", "mallory");
        var answer = PushRaw(Clone(token), "refs/heads/secret/plan", Id("main"), [], new string('0', 40), blind);
        Assert.Contains("ng refs/heads/secret/plan", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(Id("secret/plan"), answer, StringComparison.Ordinal);
        var conflict = PushRaw(Clone(token), "refs/heads/secret/plan/b", Id("main"), [], new string('0', 40), blind);
        Assert.Contains("ng refs/heads/secret/plan/b its name conflicts", conflict, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Receive_pack_advertises_by_the_same_decision()
    {
        using var client = server.Client(token);
        var answer = await client.GetStringAsync("acme/app/info/refs?service=git-receive-pack", TestContext.Current.CancellationToken);
        Assert.Contains("refs/heads/main", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Partial_clone_fetches_its_blobs_later()
    {
        var clone = Path.Combine(work, "partial");
        var result = server.Git(token, null, "clone", "-q", "--filter=blob:none", server.Url("acme/app"), clone);
        Assert.True(result.ExitCode == 0, result.Error);
        result = server.Git(token, clone, "show", "HEAD~1:file");
        Assert.Equal("public\n", result.Output);
    }

    [Fact]
    public void Shallow_clone_deepens()
    {
        var clone = Path.Combine(work, "shallow");
        var result = server.Git(token, null, "clone", "-q", "--depth=1", server.Url("acme/app"), clone);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal("1", GitProgram.RunText(clone, "rev-list", "--count", "HEAD"));
        result = server.Git(token, clone, "fetch", "--unshallow");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal("2", GitProgram.RunText(clone, "rev-list", "--count", "HEAD"));
    }

    private string Empty()
    {
        var empty = Path.Combine(work, "empty.git");
        GitProgram.RunText(null, "init", "-q", "--bare", empty);
        return empty;
    }

    private Task<string> WantAsync(int version, string id) => version == 2
        ? FetchAsync($"want {id}", "done")
        : PostAsync(0, $"{Line($"want {id} side-band-64k agent=test")}0000{Line("done")}");

    // What stands before the pack: the pack's own packets end where git happens to have written.
    private async Task<string> ShallowAsync(string id)
    {
        var answer = await FetchAsync($"want {Id("main")}", $"shallow {id}", "deepen 1", "no-progress", "done");
        return answer[..answer.IndexOf("packfile", StringComparison.Ordinal)];
    }

    private Task<string> NegotiateAsync(string have) => FetchAsync($"want {Id("main")}", $"have {have}");

    private Task<string> FetchAsync(params string[] arguments) =>
        PostAsync(2, $"{Line("command=fetch")}0001{string.Concat(arguments.Select(Line))}0000");

    private async Task<string> PostAsync(int version, string body)
    {
        using var client = server.Client(token);
        using var content = new ByteArrayContent(Encoding.ASCII.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-git-upload-pack-request");
        using var request = new HttpRequestMessage(HttpMethod.Post, "acme/app/git-upload-pack") { Content = content };
        if (version > 0)
        {
            request.Headers.Add("Git-Protocol", "version=" + version);
        }

        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    private string PushRaw(string clone, string name, string id, string[] objects, string? old = null, string? with = null) => PushPack(
        name,
        id,
        GitProgram.Run(clone, ["pack-objects", "--stdout", "-q"], Encoding.ASCII.GetBytes(string.Concat(objects.Select(line => line + "\n")))),
        old,
        with);

    private string PushPack(string name, string id, byte[] pack, string? old = null, string? with = null)
    {
        using var client = server.Client(with ?? token);
        var head = $"{Line($"{old ?? new string('0', 40)} {id} {name}\0report-status agent=test", newline: false)}0000";
        using var content = new ByteArrayContent([.. Encoding.ASCII.GetBytes(head), .. pack]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-git-receive-pack-request");
        using var response = client.PostAsync("acme/app/git-receive-pack", content).Result;
        return Encoding.Latin1.GetString(response.Content.ReadAsByteArrayAsync().Result);
    }

    private static string Line(string text) => Line(text, newline: true);

    private static string Line(string text, bool newline) => $"{text.Length + 4 + (newline ? 1 : 0):x4}{text}{(newline ? "\n" : "")}";

    private string Id(string revision) => GitProgram.RunText(seed, "rev-parse", revision);

    private string Clone(string with)
    {
        var clone = Path.Combine(work, Guid.NewGuid().ToString("N"));
        var result = server.Git(with, null, "clone", "-q", server.Url("acme/app"), clone);
        Assert.True(result.ExitCode == 0, result.Error);
        return clone;
    }

    private void Commit(string file, string text)
    {
        File.WriteAllText(Path.Combine(seed, file), text);
        GitProgram.RunText(seed, "add", file);
        GitProgram.RunText(seed, "commit", "-q", "-m", text.Split('\n')[0]);
    }
}
