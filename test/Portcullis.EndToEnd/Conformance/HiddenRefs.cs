using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Conformance;

/// <summary>A caller who may pull only some refs learns of nothing else: neither names, nor objects, nor that an object exists.</summary>
public abstract class HiddenRefs(Site site)
{
    private const string Visible = "git:*@refs/heads/main:pull";

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Only_visible_refs_are_advertised(string version)
    {
        var secret = await SecretAsync();
        var git = site.NewGit().WithBearer(await site.TokenAsync("bob", Visible)).WithConfig("protocol.version", version);

        var listed = await git.OutputAsync(site.NewFolder(), "ls-remote", "--symref", Url(secret.Repository));

        Assert.Equal(
            [$"{"ref: refs/heads/main"}\tHEAD", $"{secret.Main}\tHEAD", $"{secret.Main}\trefs/heads/main"], listed.Split('\n'));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2")]
    public async Task A_clone_holds_nothing_hidden(string version)
    {
        var secret = await SecretAsync();
        var git = site.NewGit().WithBearer(await site.TokenAsync("bob", Visible)).WithConfig("protocol.version", version);
        var work = site.NewFolder();

        (await git.RunAsync(work, "clone", "--quiet", Url(secret.Repository), "clone")).ShouldSucceed();

        Assert.NotEqual(0, (await git.RunAsync(Path.Combine(work, "clone"), "cat-file", "-e", secret.Commit)).ExitCode);
        Assert.NotEqual(0, (await git.RunAsync(Path.Combine(work, "clone"), "cat-file", "-e", secret.Blob)).ExitCode);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2")]
    public async Task A_fetch_on_top_of_commits_that_the_server_has_not_works(string version)
    {
        var secret = await SecretAsync();
        var git = site.NewGit().WithBearer(await site.TokenAsync("bob", Visible)).WithConfig("protocol.version", version);
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", Url(secret.Repository), "clone")).ShouldSucceed();
        var clone = Path.Combine(work, "clone");
        for (var i = 0; i < 40; i++)
        {
            await Site.CommitAsync(git, clone, $"local{i}.txt", $"{i}\n");
        }

        var owner = site.NewGit().WithBearer(await site.TokenAsync("owner", "git:*:pull,push,force,delete"));
        (await owner.RunAsync(work, "clone", "--quiet", Url(secret.Repository), "other")).ShouldSucceed();
        var next = await Site.CommitAsync(owner, Path.Combine(work, "other"), "next.txt", "next\n");
        (await owner.RunAsync(Path.Combine(work, "other"), "push", "--quiet", "origin", "main")).ShouldSucceed();

        (await git.RunAsync(clone, "fetch", "origin")).ShouldSucceed();

        Assert.Equal(next, await git.OutputAsync(clone, "rev-parse", "origin/main"));
    }

    [Theory]
    [InlineData("0", "commit")]
    [InlineData("2", "commit")]
    [InlineData("0", "blob")]
    [InlineData("2", "blob")]
    [InlineData("0", "tree")]
    [InlineData("2", "tree")]
    public async Task A_hidden_object_is_refused_in_the_same_words_as_one_that_does_not_exist(string version, string kind)
    {
        var secret = await SecretAsync();
        var hidden = kind switch { "commit" => secret.Commit, "blob" => secret.Blob, _ => secret.Tree };
        var missing = new string('1', 40);
        var git = site.NewGit().WithBearer(await site.TokenAsync("bob", Visible)).WithConfig("protocol.version", version);
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", Url(secret.Repository), "clone")).ShouldSucceed();
        var clone = Path.Combine(work, "clone");

        // The raw request, since git itself would not ask for what is not advertised in version 0.
        var answers = new List<string>();
        foreach (var id in (string[])[hidden, missing])
        {
            var response = await WantAsync(secret.Repository, "bob", version, id);
            Assert.DoesNotContain("PACK", Encoding.Latin1.GetString(response.Body));
            answers.Add($"{response.Status} {response.Text.Replace(id, "ID")}");
        }

        Assert.Equal(answers[1], answers[0]);
        (await git.RunAsync(clone, "fetch", "origin", hidden)).ShouldFail();
        Assert.NotEqual(0, (await git.RunAsync(clone, "cat-file", "-e", hidden)).ExitCode);
    }

    [Fact]
    public async Task A_have_line_does_not_tell_whether_a_hidden_object_exists()
    {
        var secret = await SecretAsync();
        var answers = new List<string>();
        foreach (var id in (string[])[secret.Commit, new string('1', 40)])
        {
            var body = Lines("command=fetch", "object-format=sha1") + "0001" + Lines($"want {secret.Main}", $"have {id}") + "0000";
            var response = await PostAsync(secret.Repository, await site.TokenAsync("bob", Visible), "2", body);
            answers.Add(response.Text.Replace(id, "ID"));
        }

        Assert.Equal(answers[1], answers[0]);
        Assert.Contains("NAK", answers[0]);
        Assert.DoesNotContain("ACK", answers[0].Replace("NAK", ""));
    }

    [Fact]
    public async Task Object_info_does_not_tell_whether_a_hidden_object_exists()
    {
        var secret = await SecretAsync();
        var answers = new List<string>();
        foreach (var id in (string[])[secret.Blob, new string('1', 40)])
        {
            var body = Lines("command=object-info", "object-format=sha1") + "0001" + Lines("size", $"oid {id}") + "0000";
            var response = await PostAsync(secret.Repository, await site.TokenAsync("bob", Visible), "2", body);
            answers.Add($"{response.Status} {response.Text.Replace(id, "ID")}");
        }

        Assert.Equal(answers[1], answers[0]);
    }

    [Fact]
    public async Task The_old_id_of_a_push_does_not_tell_whether_a_hidden_ref_exists()
    {
        var secret = await SecretAsync();
        var git = site.NewGit().WithBearer(await site.TokenAsync("carol", Visible, "git:*@refs/heads/carol/*:push"));
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", Url(secret.Repository), "clone")).ShouldSucceed();
        var clone = Path.Combine(work, "clone");

        var answers = new List<string>();
        foreach (var name in (string[])["refs/heads/secret", "refs/heads/absent"])
        {
            var pushed = (await git.RunAsync(clone, "push", "origin", $"main:{name}")).ShouldFail();
            answers.Add(pushed.Text.Replace(name, "REF").Replace(name["refs/heads/".Length..], "REF"));
        }

        Assert.Equal(answers[1], answers[0]);
    }

    [Theory]
    [InlineData("tree")]
    [InlineData("blob")]
    [InlineData("parent")]
    public async Task A_push_can_not_adopt_a_hidden_object(string kind)
    {
        var secret = await SecretAsync();
        var git = site.NewGit().WithBearer(await site.TokenAsync("carol", Visible, "git:*@refs/heads/carol/*:pull,push"));
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", Url(secret.Repository), "clone")).ShouldSucceed();
        var clone = Path.Combine(work, "clone");
        var before = await site.RefsAsync(secret.Repository);

        // A commit that names a hidden object which the pusher does not have: the pack holds only the new objects.
        var tree = kind switch
        {
            "tree" => secret.Tree,
            "blob" => (await git.RunWithInputAsync(clone, $"100644 blob {secret.Blob}\tstolen\n", "mktree", "--missing")).ShouldSucceed().Output.Trim(),
            _ => await git.OutputAsync(clone, "rev-parse", "HEAD^{tree}"),
        };
        var parent = kind == "parent" ? secret.Commit : secret.Main;
        var text = $"tree {tree}\nparent {parent}\nauthor C <c@example.com> 1760000001 +0000\ncommitter C <c@example.com> 1760000001 +0000\n\nsteal\n";
        var commit = (await git.RunWithInputAsync(clone, text, "hash-object", "-t", "commit", "-w", "--stdin", "--literally")).ShouldSucceed().Output.Trim();
        var objects = kind == "blob" ? $"{commit}\n{tree}\n" : $"{commit}\n";
        var pack = await PackAsync(git, clone, objects);
        var command = Encoding.ASCII.GetBytes(Lines($"{new string('0', 40)} {commit} refs/heads/carol/stolen\0report-status object-format=sha1") + "0000");
        var response = await RawHttp.SendAsync(
            site.Server.Uri, $"POST /{secret.Repository}.git/git-receive-pack HTTP/1.1",
            [$"Authorization: Bearer {await site.TokenAsync("carol", Visible, "git:*@refs/heads/carol/*:pull,push")}", "Content-Type: application/x-git-receive-pack-request"],
            [.. command, .. pack]);

        Assert.DoesNotContain("ok refs/heads/carol/stolen", response!.Text);
        Assert.Equal(before, await site.RefsAsync(secret.Repository));
        await site.CheckRepositoryAsync(secret.Repository);
    }

    [Fact]
    public async Task Hidden_refs_stay_out_of_the_receive_pack_advertisement()
    {
        var secret = await SecretAsync();
        var token = await site.TokenAsync("carol", Visible, "git:*@refs/heads/carol/*:push");

        var response = await RawHttp.SendAsync(
            site.Server.Uri, $"GET /{secret.Repository}.git/info/refs?service=git-receive-pack HTTP/1.1", [$"Authorization: Bearer {token}"]);

        Assert.Equal(200, response!.Status);
        Assert.Contains("refs/heads/main", response.Text);
        Assert.DoesNotContain("secret", response.Text);
        Assert.DoesNotContain(secret.Commit, response.Text);
    }

    [Fact]
    public async Task Head_is_hidden_when_its_branch_is()
    {
        var secret = await SecretAsync();
        var git = site.NewGit().WithBearer(await site.TokenAsync("dora", "git:*@refs/heads/alice/*:pull"));

        var listed = await git.OutputAsync(site.NewFolder(), "ls-remote", "--symref", Url(secret.Repository));

        Assert.DoesNotContain("HEAD", listed);
        Assert.EndsWith("refs/heads/alice/topic", Assert.Single(listed.Split('\n')));
    }

    private static string Lines(params string[] lines) => string.Concat(lines.Select(line => $"{line.Length + 5:x4}{line}\n"));

    private static async Task<byte[]> PackAsync(Git git, string clone, string objects)
    {
        var name = (await git.RunWithInputAsync(clone, objects, "pack-objects", "--quiet", Path.Combine(clone, "made"))).ShouldSucceed().Output.Trim();
        return await File.ReadAllBytesAsync(Path.Combine(clone, $"made-{name}.pack"));
    }

    private string Url(string repository) => $"{site.Url}/{repository}.git";

    private async Task<RawResponse> WantAsync(string repository, string subject, string version, string id)
    {
        var body = version == "2"
            ? Lines("command=fetch", "object-format=sha1") + "0001" + Lines($"want {id}", "done") + "0000"
            : Lines($"want {id} ofs-delta") + "0000" + Lines("done");
        return await PostAsync(repository, await site.TokenAsync(subject, Visible), version, body);
    }

    private async Task<RawResponse> PostAsync(string repository, string token, string version, string body)
    {
        string[] headers = [$"Authorization: Bearer {token}", "Content-Type: application/x-git-upload-pack-request", .. version == "2" ? (string[])["Git-Protocol: version=2"] : []];
        return (await RawHttp.SendAsync(site.Server.Uri, $"POST /{repository}.git/git-upload-pack HTTP/1.1", headers, Encoding.ASCII.GetBytes(body)))!;
    }

    /// <summary>A repository with a branch `secret`, whose commit, tree and blob nothing visible reaches.</summary>
    private async Task<(string Repository, string Main, string Commit, string Tree, string Blob)> SecretAsync()
    {
        var repository = await site.SeededRepositoryAsync();
        var git = site.NewGit().WithBearer(await site.TokenAsync("owner", "git:*:pull,push,force,delete"));
        var work = site.NewFolder();
        (await git.RunAsync(work, "clone", "--quiet", Url(repository), "clone")).ShouldSucceed();
        var clone = Path.Combine(work, "clone");
        var main = await git.OutputAsync(clone, "rev-parse", "HEAD");
        var commit = await Site.CommitAsync(git, clone, "secret.txt", $"secret of {repository}\n");
        (await git.RunAsync(clone, "push", "--quiet", "origin", "HEAD:refs/heads/secret")).ShouldSucceed();
        return (repository, main, commit, await git.OutputAsync(clone, "rev-parse", "HEAD^{tree}"), await git.OutputAsync(clone, "rev-parse", "HEAD:secret.txt"));
    }
}
