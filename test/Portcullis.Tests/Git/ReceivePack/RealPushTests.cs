using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;
using Portcullis.Git.ReceivePack;

namespace Portcullis.Tests.Git.ReceivePack;

/// <summary>What the real git sends and answers in a push.</summary>
public class RealPushTests
{
    [Theory]
    [InlineData(ObjectFormat.Sha1)]
    [InlineData(ObjectFormat.Sha256)]
    public async Task What_git_sends_is_read_and_written_byte_for_byte(ObjectFormat format)
    {
        using var client = new ScratchRepository(format);
        using var server = new ScratchRepository(format);
        using var recorder = new PushRecorder();
        server.Run("config", "receive.advertisePushOptions", "true");
        client.Run("update-ref", "refs/heads/main", client.Commit("first"));
        client.Run("tag", "-m", "v1", "v1", "main");

        var request = await Read(recorder.Push(client, server, [], ["--push-option=ci.skip", "--push-option=größe=1", "--atomic"], "main", "v1", "main:refs/heads/other"));
        Assert.Equal(3, request.Commands.Length);
        Assert.All(request.Commands, command => Assert.Equal((ReceivePackCommandKind.Create, format), (command.Kind, command.New.Format)));
        Assert.Equal(["ci.skip", "größe=1"], request.PushOptions);
        Assert.True(request.Capabilities.Contains("atomic") && request.HasPack);

        client.Run("update-ref", "refs/heads/main", client.Commit("second", client.Run("rev-parse", "main")));
        request = await Read(recorder.Push(client, server, [], [], "main", ":other"));
        Assert.Equal([ReceivePackCommandKind.Update, ReceivePackCommandKind.Delete], request.Commands.Select(command => command.Kind).Order());

        request = await Read(recorder.Push(client, server, [], [], ":v1"));
        Assert.False(request.HasPack);
    }

    [Fact]
    public async Task Shallow_pushes_name_where_the_history_is_cut()
    {
        using var origin = new ScratchRepository();
        using var client = new ScratchRepository();
        using var server = new ScratchRepository();
        using var recorder = new PushRecorder();
        origin.Run("update-ref", "refs/heads/main", origin.Commit("second", origin.Commit("first")));
        client.Run("fetch", "-q", "--depth=1", "file://" + origin.Folder, "main:main");
        var request = await Read(recorder.Push(client, server, [], [], "main"));
        Assert.Equal(client.Run("rev-parse", "main"), request.Shallow.Single().ToString());
    }

    [Fact]
    public async Task Signed_pushes_carry_a_certificate()
    {
        using var client = new ScratchRepository();
        using var server = new ScratchRepository();
        using var recorder = new PushRecorder();
        server.Run("config", "receive.certNonceSeed", "seed");
        server.Run("config", "receive.advertisePushOptions", "true");
        client.Run("update-ref", "refs/heads/main", client.Commit("first"));
        var key = recorder.MakeKey();
        var recorded = recorder.Push(client, server, ["gpg.format=ssh", $"user.signingKey={key}"], ["--signed", "--push-option=x"], "main", "main:copy");
        var request = await Read(recorded);
        Assert.Equal(["refs/heads/main", "refs/heads/copy"], request.Certificate!.Commands.Select(command => command.RawName).OrderDescending());
        Assert.Equal(["x"], request.Certificate.PushOptions);
        Assert.Equal(request.PushOptions, request.Certificate.PushOptions);
        Assert.NotEmpty(request.Certificate.Nonce!);
        Assert.StartsWith("-----BEGIN SSH SIGNATURE-----", Encoding.ASCII.GetString(request.Certificate.Text.Span[request.Certificate.SignedLength..]), StringComparison.Ordinal);

        // Other capabilities change neither the certificate nor what git makes of it.
        var changed = Wire.Written(output => request.WriteTo(output, request.Capabilities.Without("quiet").With("quiet")));
        Assert.Equal(request.Certificate.Text.ToArray(), (await ReceivePackRequestTests.Read(changed)).Certificate!.Text.ToArray());
    }

    [Fact]
    public async Task Reports_are_read_and_written_byte_for_byte()
    {
        using var client = new ScratchRepository();
        using var server = new ScratchRepository();
        using var recorder = new PushRecorder();
        var first = client.Commit("first");
        client.Run("update-ref", "refs/heads/main", first);
        server.Run("config", "receive.denyDeletes", "true");
        var report = await Report(recorder.Push(client, server, [], [], "main", "main:refs/heads/other"));
        Assert.Equal(ReportStatus.Unpacked, report.UnpackStatus);
        Assert.All(report.Refs, status => Assert.True(status.IsOk));

        client.Run("update-ref", "refs/heads/main", client.Commit("unrelated"));
        report = await Report(recorder.Push(client, server, [], [], "+main", ":other"));
        Assert.Equal([("refs/heads/main", true, null), ("refs/heads/other", false, "deletion prohibited")], report.Refs.Select(status => (status.RefName, status.IsOk, status.Reason)).Order());
    }

    [Fact]
    public void Git_shows_the_user_what_our_report_says()
    {
        // A receive-pack that refuses everything with our report: git must take it for an answer and print the reason.
        using var client = new ScratchRepository();
        using var server = new ScratchRepository();
        using var recorder = new PushRecorder();
        client.Run("update-ref", "refs/heads/main", client.Commit("first"));
        var report = new ReportStatus("ok", [RefStatus.Rejected("refs/heads/main", "your token does not allow it")]);
        var answer = Path.Combine(recorder.Folder, "answer");
        File.WriteAllBytes(answer, Wire.Written(output =>
        {
            output.WriteSideband(SidebandChannel.Progress, "Portcullis: ask alice\n");
            report.WriteTo(output, CapabilityList.Of("report-status-v2", "side-band-64k"));
        }));
        var advertisement = Path.Combine(recorder.Folder, "advertisement");
        File.WriteAllBytes(advertisement, GitProgram.Run(server.Folder, ["receive-pack", "--http-backend-info-refs", "."]));
        var script = Path.Combine(recorder.Folder, "refuse.sh");
        // What the client sends is read to its end beside the answer. A shell gives what it runs beside itself an empty input, unless it is told otherwise.
        File.WriteAllText(script, $"exec 3<&0; cat '{advertisement}'; cat <&3 >/dev/null & cat '{answer}'; wait\n");
        var (exitCode, _, error) = GitProgram.TryRun(client.Folder, ["push", $"--receive-pack=sh '{script}'", "file://" + server.Folder, "main"]);
        Assert.Equal(1, exitCode);
        Assert.Contains("remote: Portcullis: ask alice", error, StringComparison.Ordinal);
        Assert.Contains("! [remote rejected] main -> main (your token does not allow it)", error, StringComparison.Ordinal);
    }

    private static async Task<ReceivePackRequest> Read((byte[] Request, byte[] Response) recorded)
    {
        var pipe = PipeReader.Create(new ReadOnlySequence<byte>(recorded.Request));
        var request = await ReceivePackRequest.ReadAsync(new PktLineStream(pipe), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(recorded.Request[..request.WireLength], Wire.Written(request.WriteTo));
        Assert.Equal(recorded.Request[..request.WireLength], Wire.Written(output => request.WriteTo(output, request.Capabilities)));
        var rest = await pipe.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal(request.HasPack, PackHeader.TryRead(rest.Buffer.ToArray(), out var header));
        Assert.Equal(request.HasPack ? 2u : 0, header.Version);
        return request;
    }

    private static async Task<ReportStatus> Report((byte[] Request, byte[] Response) recorded)
    {
        var lines = new PktLineStream(PipeReader.Create(new ReadOnlySequence<byte>(recorded.Response)));
        while ((await lines.ReadAsync(TestContext.Current.CancellationToken))!.Value.Kind != PktLineKind.Flush)
        {
            // the advertisement
        }

        var bytes = new List<byte>();
        while (await lines.ReadAsync(TestContext.Current.CancellationToken) is { } line && SidebandReader.TryRead(line, out var channel, out var data))
        {
            if (channel == SidebandChannel.Pack)
            {
                bytes.AddRange(data.ToArray());
            }
        }

        var report = ReportStatus.Parse(bytes.ToArray());
        Assert.Equal(Wire.Text(bytes.ToArray()), Wire.Text(Wire.Written(output => report.WriteTo(output))));
        return report;
    }
}
