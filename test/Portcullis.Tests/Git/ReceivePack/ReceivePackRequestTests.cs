using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using CsCheck;
using Portcullis.Git;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;
using Portcullis.Git.ReceivePack;

namespace Portcullis.Tests.Git.ReceivePack;

public class ReceivePackRequestTests
{
    private const string A = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    private const string Z = "0000000000000000000000000000000000000000";
    private const string A256 = A + "aaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Z256 = Z + "000000000000000000000000";

    [Fact]
    public async Task Commands_of_every_kind_are_read_up_to_the_pack()
    {
        var pipe = PipeReader.Create(new ReadOnlySequence<byte>(Wire.Bytes($"""
            {Z} {A} refs/heads/new\0 report-status-v2 side-band-64k object-format=sha1 agent=git/2.39.5
            {A} {B} refs/heads/main
            {B} {Z} refs/tags/v1
            0000
            PACKdata
            """)));
        var request = await ReceivePackRequest.ReadAsync(new PktLineStream(pipe), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            [(ReceivePackCommandKind.Create, "refs/heads/new"), (ReceivePackCommandKind.Update, "refs/heads/main"), (ReceivePackCommandKind.Delete, "refs/tags/v1")],
            request.Commands.Select(command => (command.Kind, command.Name!.Value)));
        Assert.Equal(["report-status-v2", "side-band-64k", "object-format=sha1", "agent=git/2.39.5"], request.Capabilities.Items);
        Assert.True(request.HasPack);
        var rest = await pipe.ReadAsync(TestContext.Current.CancellationToken);
        Assert.Equal("PACKdata", Encoding.ASCII.GetString(rest.Buffer.ToArray()));
    }

    [Fact]
    public async Task Probe_has_no_commands()
    {
        var request = await Read("0000");
        Assert.Empty(request.Commands);
        Assert.False(request.HasPack);
        Assert.Equal("0000"u8.ToArray(), Wire.Written(request.WriteTo));
    }

    [Fact]
    public async Task Shallow_lines_push_options_and_deletion_only_are_read()
    {
        var request = await Read($"""
            shallow {A}
            shallow {B}
            {A} {Z} refs/heads/main\0 report-status push-options atomic
            0000
            ci.skip
            über=1
            0000
            """);
        Assert.Equal([A, B], request.Shallow.Select(id => id.ToString()));
        Assert.Equal(["ci.skip", "über=1"], request.PushOptions);
        Assert.False(request.HasPack);
    }

    [Fact]
    public async Task Sha256_pushes_are_read()
    {
        var request = await Read($"{Z256} {A256} refs/heads/main\\0 object-format=sha256\n0000");
        Assert.Equal(ObjectFormat.Sha256, request.Commands.Single().New.Format);
    }

    [Fact]
    public async Task Names_that_are_no_ref_names_stay_for_the_report()
    {
        var request = await Read($"{Z} {A} HEAD\\0 report-status\n{Z} {A} refs/heads/a..b\n{Z} {A} heads/main\n0000");
        Assert.Equal(["HEAD", "refs/heads/a..b", "heads/main"], request.Commands.Select(command => command.RawName));
        Assert.All(request.Commands, command => Assert.Null(command.Name));
    }

    [Theory]
    [InlineData($"{A} {B}\n0000")]
    [InlineData($"{A} {B} \n0000")]
    [InlineData($"{A}  {B} refs/heads/main\n0000")]
    [InlineData($"{A}\t{B} refs/heads/main\n0000")]
    [InlineData($"{A} {B}x refs/heads/main\n0000")]
    [InlineData($"{A256} {A256} refs/heads/main\n0000")]
    [InlineData($"{A} {B} refs/heads/main\\0 object-format=sha256\n0000")]
    [InlineData($"{A256} {A} refs/heads/main\\0 object-format=sha256\n0000")]
    [InlineData($"{A} {B} refs/heads/main\\0 object-format=md5\n0000")]
    [InlineData($"{A} {B} refs/heads/main\n{A} {B} refs/heads/x\\0 report-status\n0000")]
    [InlineData($"{A} {B} refs/heads/main\\0 a\n{A} {B} refs/heads/x\\0 report-status\n0000")]
    [InlineData($"{A} {B} refs/heads/main\\0 a\\0 b\n0000")]
    [InlineData($"{A} {B} refs/heads/main\\0 a\tatomic\n0000")]
    [InlineData($"{A} {B} refs/heads/main\n{B} {A} refs/heads/main\n0000")]
    [InlineData($"{A} {B} refs/heads/main\n0001")]
    [InlineData($"{A} {B} refs/heads/main\n0002")]
    [InlineData($"shallow {A} {B}\n0000")]
    [InlineData("shallow \n0000")]
    [InlineData($"shallow {A256}\n{A} {B} refs/heads/main\n0000")]
    [InlineData("push-cert\\0 report-status\n0000")]
    [InlineData("push-cert\\0 report-status\npush-cert-end\\n\n0000")]
    [InlineData("ERR hello\n0000")]
    [InlineData("\n0000")]
    [InlineData($"{A} {B} refs/heads/main\\0 push-options\n0000\na\\0b\n0000")]
    [InlineData($"{A} {B} refs/heads/main\\0 push-options\n0000\na\\nb\n0000")]
    [InlineData($"{A} {B} refs/heads/main\\0 push-options\n0000\na\n0001")]
    public async Task Rejects_what_git_never_sends(string text)
    {
        var exception = await Assert.ThrowsAsync<PktLineException>(async () => await Read(text));
        Assert.Equal(PktLineError.Unexpected, exception.Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData($"{A} {B} refs/heads/main")]
    [InlineData($"{A} {B} refs/heads/main\\0 push-options\n0000")]
    [InlineData($"{A} {B} refs/heads/main\\0 push-options\n0000\noption")]
    [InlineData("push-cert\\0 report-status\ncertificate version 0.1\\n")]
    public async Task Rejects_requests_cut_short(string text)
    {
        var bytes = text.Length == 0 ? [] : Wire.Bytes(text);
        var exception = await Assert.ThrowsAsync<PktLineException>(async () => await Read(bytes));
        Assert.Equal(PktLineError.CutShort, exception.Error);
    }

    [Fact]
    public async Task Rejects_more_than_the_limits()
    {
        var commands = string.Join('\n', Enumerable.Range(0, 11).Select(i => $"{A} {B} refs/heads/b{i}"));
        var tenCommands = ReceivePackLimits.Default with { MaxCommands = 10 };
        Assert.Equal(PktLineError.TooLong, (await Assert.ThrowsAsync<PktLineException>(async () => await Read(Wire.Bytes(commands + "\n0000"), tenCommands))).Error);
        var fewBytes = ReceivePackLimits.Default with { MaxBytes = 500 };
        Assert.Equal(PktLineError.TooLong, (await Assert.ThrowsAsync<PktLineException>(async () => await Read(Wire.Bytes(commands + "\n0000"), fewBytes))).Error);
        var oneOption = ReceivePackLimits.Default with { MaxPushOptions = 1 };
        var options = Wire.Bytes($"{A} {B} refs/heads/main\\0 push-options\n0000\na\nb\n0000");
        Assert.Equal(PktLineError.TooLong, (await Assert.ThrowsAsync<PktLineException>(async () => await Read(options, oneOption))).Error);
    }

    [Fact]
    public async Task A_hundred_thousand_commands_are_read_in_time()
    {
        var bytes = Wire.Written(output =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                output.WriteData(Encoding.ASCII.GetBytes($"{A} {B} refs/heads/branch-{i}"));
            }

            output.WriteFlush();
        });
        var request = await Read(bytes);
        Assert.Equal(100_000, request.Commands.Length);
        Assert.Equal(bytes, Wire.Written(request.WriteTo));
    }

    [Fact]
    public async Task Reading_and_writing_are_inverse_and_capabilities_can_be_replaced()
    {
        var ids = Gen.Byte.Array[20].Select(raw => ObjectId.FromBytes(raw));
        var names = Gen.OneOf<string>("a", "b", "é", "-", "日").Array[1, 5].Select(parts => "refs/heads/" + string.Concat(parts));
        var commands = Gen.Select(ids, ids, names, (o, n, name) => $"{o} {n} {name}").Array[1, 5].Select(lines => lines.DistinctBy(line => line[82..]).ToArray());
        await Gen.Select(commands, Gen.Bool, Gen.OneOf<string>("opt", "key=value", "ü").Array[0, 3], Gen.Bool).SampleAsync(async (commands, withOptions, options, newlines) =>
        {
            var lines = commands.Select((line, i) => (i == 0 ? line + "\\0 report-status" + (withOptions ? " push-options" : "") : line) + (newlines ? "\\n" : ""));
            var text = string.Join('\n', lines) + "\n0000" + (withOptions ? string.Concat(options.Select(option => "\n" + option)) + "\n0000" : "");
            var bytes = Wire.Bytes(text);
            var request = await Read(bytes);
            var same = Wire.Written(request.WriteTo).AsSpan().SequenceEqual(bytes);
            var changed = await Read(Wire.Written(output => request.WriteTo(output, request.Capabilities.Without("report-status").With("atomic"))));
            return same && changed.Commands.SequenceEqual(request.Commands) && changed.PushOptions.SequenceEqual(request.PushOptions)
                && changed.Capabilities.Contains("atomic") && !changed.Capabilities.Contains("report-status");
        }, iter: 200);
    }

    [Fact]
    public async Task Capabilities_that_decide_how_the_rest_is_read_cannot_be_replaced()
    {
        var request = await Read($"{Z} {A} refs/heads/main\\0 push-options\n0000\nx\n0000");
        Assert.Throws<ArgumentException>(() => request.WriteTo(new ArrayBufferWriter<byte>(), CapabilityList.Empty));
        Assert.Throws<ArgumentException>(() => request.WriteTo(new ArrayBufferWriter<byte>(), request.Capabilities.With("object-format=sha256")));
    }

    [Fact]
    public async Task Certificate_brings_the_commands()
    {
        var request = await Read(Certificate($"{Z} {A} refs/heads/main\n{A} {Z} refs/heads/old\n"));
        Assert.Equal(["refs/heads/main", "refs/heads/old"], request.Commands.Select(command => command.RawName));
        Assert.Equal(request.Commands, request.Certificate!.Commands);
        Assert.Equal("A <a@example.com> 1700000000 +0000", request.Certificate.Pusher);
        Assert.Equal("https://git.example.com/acme/app.git", request.Certificate.Pushee);
        Assert.Equal("1700000000-abc", request.Certificate.Nonce);
        Assert.Equal(["x"], request.Certificate.PushOptions);
        Assert.StartsWith("-----BEGIN", Encoding.UTF8.GetString(request.Certificate.Text.Span[request.Certificate.SignedLength..]), StringComparison.Ordinal);
        Assert.Equal(Certificate($"{Z} {A} refs/heads/main\n{A} {Z} refs/heads/old\n"), Wire.Written(request.WriteTo));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a command\n")]
    [InlineData($"{Z} {A} refs/heads/main\n\n")]
    [InlineData($"{Z} {A} refs/heads/main\n{A} {B} refs/heads/main\n")]
    [InlineData($"{Z} {A} refs/heads/main\n-----BEGIN SSH SIGNATURE-----\n{Z} {A} refs/heads/hidden\n")]
    [InlineData($"{Z} {A256} refs/heads/main\n")]
    public async Task Rejects_certificates_that_git_could_read_differently(string commands)
    {
        await Assert.ThrowsAsync<PktLineException>(async () => await Read(Certificate(commands)));
    }

    [Fact]
    public async Task Rejects_commands_beside_a_certificate()
    {
        var certificate = Certificate($"{Z} {A} refs/heads/main\n");
        var command = Wire.Bytes($"{Z} {A} refs/heads/other");
        await Assert.ThrowsAsync<PktLineException>(async () => await Read([.. certificate[..^4], .. command, .. "0000"u8]));
        await Assert.ThrowsAsync<PktLineException>(async () => await Read([.. command, .. certificate]));
        await Assert.ThrowsAsync<PktLineException>(async () => await Read([.. certificate[..^4], .. certificate]));
    }

    [Theory]
    [InlineData("PACK\0\0\0\u0002\0\0\u0001\u0002", true)]
    [InlineData("PACK\0\0\0\u0003\0\0\u0001\u0002", true)]
    [InlineData("PACK\0\0\0\u0004\0\0\u0001\u0002", false)]
    [InlineData("PACK\0\0\0\u0001\0\0\u0001\u0002", false)]
    [InlineData("pack\0\0\0\u0002\0\0\u0001\u0002", false)]
    [InlineData("PACK\0\0\0\u0002\0\0\u0001", false)]
    [InlineData("", false)]
    public void Pack_header_is_read(string text, bool isHeader)
    {
        Assert.Equal(isHeader, PackHeader.TryRead(Encoding.Latin1.GetBytes(text), out var header));
        Assert.Equal(isHeader ? 258u : 0, header.ObjectCount);
    }

    internal static ValueTask<ReceivePackRequest> Read(byte[] bytes, ReceivePackLimits? limits = null) =>
        ReceivePackRequest.ReadAsync(new PktLineStream(PipeReader.Create(new ReadOnlySequence<byte>(bytes))), limits, TestContext.Current.CancellationToken);

    private static ValueTask<ReceivePackRequest> Read(string text) => Read(Wire.Bytes(text));

    private static byte[] Certificate(string commands)
    {
        var text = $"""
            certificate version 0.1
            pusher A <a@example.com> 1700000000 +0000
            pushee https://git.example.com/acme/app.git
            nonce 1700000000-abc
            push-option x

            {commands}-----BEGIN SSH SIGNATURE-----
            U1NIU0lH
            -----END SSH SIGNATURE-----

            """;
        return Wire.Written(output =>
        {
            output.WriteData(Encoding.ASCII.GetBytes("push-cert\0 report-status-v2"));
            foreach (var line in text.Split('\n')[..^1])
            {
                output.WriteData(Encoding.ASCII.GetBytes(line + "\n"));
            }

            output.WriteData("push-cert-end\n"u8);
            output.WriteFlush();
        });
    }
}
