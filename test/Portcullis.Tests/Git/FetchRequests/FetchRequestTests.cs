using Portcullis.Git;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Tests.Git.FetchRequests;

public class FetchRequestTests
{
    private const string A = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    private const string C = "cccccccccccccccccccccccccccccccccccccccc";
    private const string A256 = A + "aaaaaaaaaaaaaaaaaaaaaaaa";

    [Fact]
    public void Version_2_is_read()
    {
        var fetch = V2($"thin-pack\ninclude-tag\nofs-delta\nshallow {C}\ndeepen 3\ndeepen-not v1.0\ndeepen-relative\\n\nfilter blob:none\nwant {A}\\n\nwant-ref refs/heads/main\\n\nhave {B}\\n\ndone\\n");
        Assert.Equal(GitProtocolVersion.V2, fetch.Version);
        Assert.Equal([A], fetch.Wants.Select(id => id.ToString()));
        Assert.Equal([B], fetch.Haves.Select(id => id.ToString()));
        Assert.Equal(["refs/heads/main"], fetch.WantRefs);
        Assert.Equal("blob:none", fetch.Filter);
        Assert.True(fetch.IsDone && fetch.IsDeepening && fetch.HasOption("thin-pack") && fetch.HasOption("include-tag") && !fetch.HasOption("no-progress"));
        Assert.Equal("3", fetch.Lines.Single(line => line.Kind == FetchLineKind.Deepen).Argument);
        Assert.Equal("v1.0", fetch.Lines.Single(line => line.Kind == FetchLineKind.DeepenNot).Argument);
    }

    [Fact]
    public void Version_0_is_read()
    {
        var text = $"want {A} multi_ack_detailed no-done side-band-64k thin-pack include-tag ofs-delta agent=git/2.39.5\\n\nwant {B}\\n\nshallow {C}\\n\ndeepen 2\n0000\nhave {C}\\n\n0000\nhave {B}\\n\ndone\\n";
        var fetch = FetchRequest.ParseV0(Wire.Bytes(text));
        Assert.Equal([A, B], fetch.Wants.Select(id => id.ToString()));
        Assert.Equal([C, B], fetch.Haves.Select(id => id.ToString()));
        Assert.True(fetch.IsDone && fetch.HasOption("no-done"));
        Assert.Equal(4, fetch.NegotiationStart);
        Assert.Equal(text, Wire.Text(Wire.Written(fetch.WriteTo)));
    }

    [Theory]
    [InlineData("0000")]
    [InlineData($"want {A}\\n\n0000")]
    [InlineData($"want {A}\\n\n0000\ndone\\n")]
    [InlineData($"want {A} side-band\\n\ndeepen 1\n0000")]
    [InlineData($"want {A256} side-band\\n\ndeepen-since 1700000000\nfilter blob:none\\n\n0000\nhave {A256}\\n\n0000\n0000")]
    public void Parsing_and_writing_version_0_are_inverse(string text)
    {
        Assert.Equal(text, Wire.Text(Wire.Written(FetchRequest.ParseV0(Wire.Bytes(text)).WriteTo)));
    }

    [Fact]
    public void Lines_can_be_left_out_and_replaced()
    {
        var fetch = FetchRequest.ParseV0(Wire.Bytes($"want {A} side-band-64k include-tag\\n\nwant {B}\\n\ndeepen-not v1\n0000\nhave {A}\\n\n0000\nhave {C}\\n\ndone\\n"));
        var changed = fetch.With(
            line => line.Kind switch
            {
                FetchLineKind.Want when line.Id.ToString() == A => null,
                FetchLineKind.Have when line.Id.ToString() == C => null,
                FetchLineKind.DeepenNot => FetchLine.DeepenNot("refs/tags/" + line.Argument),
                _ => line,
            },
            fetch.Capabilities.Without("include-tag"));
        Assert.Equal($"want {B} side-band-64k\\n\ndeepen-not refs/tags/v1\\n\n0000\nhave {A}\\n\n0000\ndone\\n", Wire.Text(Wire.Written(changed.WriteTo)));
        var v2 = V2($"include-tag\nwant {A}\\n\nhave {B}\\n\ndone\\n").With(line => line.Kind is FetchLineKind.Option or FetchLineKind.Have ? null : line);
        Assert.Equal($"command=fetch\nagent=x\n0001\nwant {A}\\n\ndone\\n\n0000", Wire.Text(Wire.Written(v2.WriteTo)));
    }

    [Theory]
    [InlineData($"want {A} side-band")]
    [InlineData($"want {A}x")]
    [InlineData($"want  {A}")]
    [InlineData("want")]
    [InlineData("want ")]
    [InlineData($"Want {A}")]
    [InlineData($"have {A} {B}")]
    [InlineData($"want {A256}")]
    [InlineData($"shallow {A256}")]
    [InlineData("deepen 0")]
    [InlineData("deepen -1")]
    [InlineData("deepen +1")]
    [InlineData("deepen 0x10")]
    [InlineData("deepen 010")]
    [InlineData("deepen  1")]
    [InlineData("deepen 2147483648")]
    [InlineData("deepen-since yesterday")]
    [InlineData("deepen-since -1")]
    [InlineData("deepen-since 99999999999999999999")]
    [InlineData("deepen 1\ndeepen 2")]
    [InlineData("filter blob:none\nfilter tree:0")]
    [InlineData("unknown")]
    [InlineData("unknown x")]
    [InlineData("done ")]
    [InlineData("")]
    [InlineData("done\\0")]
    [InlineData("filter x\\0y")]
    [InlineData("deepen-not ")]
    [InlineData("packfile-uris https\npackfile-uris http")]
    public void Rejects_lines_that_git_never_sends(string lines)
    {
        Assert.Throws<PktLineException>(() => V2(lines));
        Assert.Throws<PktLineException>(() => FetchRequest.ParseV0(Wire.Bytes($"want {A} side-band\\n\n{lines}\n0000")));
    }

    [Theory]
    [InlineData($"shallow {A}\n0000")]
    [InlineData($"have {A}\n0000")]
    [InlineData($"want {A}\nhave {A}\n0000")]
    [InlineData($"want {A}\nthin-pack\n0000")]
    [InlineData($"want {A}\n0001")]
    [InlineData($"want {A}\n0000\nwant {B}\\n")]
    [InlineData($"want {A}\n0000\nshallow {B}\\n")]
    [InlineData($"want {A}\n0000\ndone\nhave {B}\\n")]
    [InlineData($"want {A}\n0000\ndone\n0000")]
    [InlineData($"want {A}\n0000\n0001")]
    [InlineData($"want {A}\\0side-band\n0000")]
    [InlineData($"want {A}  side-band\tx\n0000")]
    public void Rejects_bodies_of_version_0_out_of_order(string text)
    {
        Assert.Equal(PktLineError.Unexpected, Assert.Throws<PktLineException>(() => FetchRequest.ParseV0(Wire.Bytes(text))).Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData($"0032want {A}\n")]
    [InlineData($"0032want {A}\n00")]
    public void Rejects_bodies_of_version_0_cut_short(string text)
    {
        Assert.Equal(PktLineError.CutShort, Assert.Throws<PktLineException>(() => FetchRequest.ParseV0(System.Text.Encoding.ASCII.GetBytes(text))).Error);
    }

    [Fact]
    public void Object_format_of_version_2_is_that_of_the_request()
    {
        var fetch = FetchRequest.Parse(CommandRequest.Parse(Wire.Bytes($"command=fetch\nobject-format=sha256\n0001\nwant {A256}\n0000")));
        Assert.Equal(ObjectFormat.Sha256, fetch.ObjectFormat);
        Assert.Throws<PktLineException>(() => FetchRequest.Parse(CommandRequest.Parse(Wire.Bytes($"command=fetch\nobject-format=sha256\n0001\nwant {A}\n0000"))));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2")]
    public void What_git_sends_is_read_and_written_byte_for_byte(string version)
    {
        using var repository = new ScratchRepository();
        var first = repository.Commit("first");
        var second = repository.Commit("second", first);
        repository.Run("update-ref", "refs/heads/main", second);
        repository.Run("update-ref", "refs/heads/old", first);
        repository.Run("tag", "-m", "v1", "v1", first);
        repository.Run("config", "uploadpack.allowFilter", "true");
        using var recorder = new RequestRecorder();
        string[][] clones = [[], ["--depth=1"], ["--shallow-since=2020-01-01"], ["--shallow-exclude=v1"], ["--filter=blob:none"], ["--single-branch", "--no-tags"]];
        var seen = new HashSet<FetchLineKind>();
        for (var i = 0; i < clones.Length; i++)
        {
            var clone = Path.Combine(recorder.Folder, $"clone{i}");
            Check(recorder.Record(version, ["clone", "-q", "--bare", .. clones[i], $"--upload-pack={recorder.UploadPack}", "file://" + repository.Folder, clone]));
            if (i < 2)
            {
                repository.Run("update-ref", "refs/heads/main", repository.Commit($"next {i}", repository.Run("rev-parse", "main")));
                Check(recorder.Record(version, "-C", clone, "fetch", "-q", $"--upload-pack={recorder.UploadPack}", "file://" + repository.Folder, "+refs/heads/*:refs/heads/*", "--deepen=1"));
            }
        }

        Assert.Superset(new HashSet<FetchLineKind> { FetchLineKind.Want, FetchLineKind.Have, FetchLineKind.Done, FetchLineKind.Deepen, FetchLineKind.DeepenSince, FetchLineKind.DeepenNot, FetchLineKind.Filter, FetchLineKind.Shallow }, seen);

        void Check(IEnumerable<byte[]> bodies)
        {
            foreach (var body in bodies)
            {
                if (version == "2")
                {
                    var request = CommandRequest.Parse(body);
                    Assert.Equal(Wire.Text(body), Wire.Text(Wire.Written(request.WriteTo)));
                    if (request.Command != "fetch")
                    {
                        LsRefsRequest.Parse(request);
                        continue;
                    }
                }

                var fetch = version == "2" ? FetchRequest.Parse(CommandRequest.Parse(body)) : FetchRequest.ParseV0(body);
                Assert.Equal(Wire.Text(body), Wire.Text(Wire.Written(fetch.WriteTo)));
                seen.UnionWith(fetch.Lines.Select(line => line.Kind));
            }
        }
    }

    private static FetchRequest V2(string lines) => FetchRequest.Parse(CommandRequest.Parse(Wire.Bytes($"command=fetch\nagent=x\n0001\n{lines}\n0000")));
}
