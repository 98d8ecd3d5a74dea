using System.Buffers;
using Portcullis.Gateway.Backends.PackCache;
using Portcullis.Git.PktLines;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Tests.Gateway.PackCache;

public class FetchKeyTests
{
    private const string A = "0123456789012345678901234567890123456789";
    private const string B = "1123456789012345678901234567890123456789";

    [Fact]
    public void The_client_s_program_and_session_make_no_difference()
    {
        var plain = Version2(["object-format=sha1"], "thin-pack", $"want {A}", "done");
        Assert.NotNull(plain);
        Assert.Equal(plain, Version2(["agent=git/2.39.5", "object-format=sha1"], "thin-pack", $"want {A}", "done"));
        Assert.Equal(plain, Version2(["object-format=sha1", "agent=git/9", "session-id=x"], "thin-pack\n", $"want {A}\n", "done\n"));
        Assert.Equal(Version0($"want {A} thin-pack agent=git/2\n"), Version0($"want {A} thin-pack session-id=x\n"));
    }

    [Fact]
    public void Everything_else_makes_one()
    {
        string?[] keys =
        [
            Version2(["object-format=sha1"], $"want {A}", "done"),
            Version2(["object-format=sha1"], $"want {B}", "done"),
            Version2(["object-format=sha1"], $"want {A}", $"want {B}", "done"),
            Version2(["object-format=sha1"], "thin-pack", $"want {A}", "done"),
            Version2(["object-format=sha1"], "filter blob:none", $"want {A}", "done"),
            Version2(["object-format=sha1"], "filter blob:limit=1", $"want {A}", "done"),
            Version2(["object-format=sha1"], "deepen 1", $"want {A}", "done"),
            Version2(["object-format=sha1"], $"want {A}", $"have {B}", "done"),
            Version2(["object-format=sha1", "server-option=x"], $"want {A}", "done"),
            Version2(["object-format=sha1"], $"want {A}"),
            Version0($"want {A} thin-pack\n"),
            Version0($"want {A}\n"),
            FetchKey.Of("other", true, GitProtocolVersion.V1, Body0($"want {A}\n")),
            FetchKey.Of("state", false, GitProtocolVersion.V1, Body0($"want {A}\n")),
            FetchKey.Of("state", true, GitProtocolVersion.V1, Body0($"want {A}\n")),
        ];
        Assert.All(keys, Assert.NotNull);
        Assert.Equal(keys.Length, keys.Distinct().Count());
    }

    [Fact]
    public void What_brings_no_pack_and_what_can_t_be_read_has_no_name()
    {
        Assert.Null(Version2([], $"want {A}", $"have {B}"));
        Assert.Null(Version2([]));
        Assert.Null(Version2([], "unheard-of", $"want {A}", "done"));
        Assert.Null(FetchKey.Of("state", true, GitProtocolVersion.V2, "0000"u8.ToArray()));
        Assert.Null(FetchKey.Of("state", true, GitProtocolVersion.V2, "0014command=ls-refs\n0000"u8.ToArray()));
        Assert.Null(FetchKey.Of("state", true, GitProtocolVersion.V2, "garbage"u8.ToArray()));
        Assert.Null(FetchKey.Of("state", true, GitProtocolVersion.V0, "garbage"u8.ToArray()));
        Assert.Null(FetchKey.Of("state", true, GitProtocolVersion.V0, Array.Empty<byte>()));
    }

    private static string? Version2(string[] capabilities, params string[] arguments)
    {
        var body = new ArrayBufferWriter<byte>();
        body.WriteText("command=fetch");
        foreach (var capability in capabilities)
        {
            body.WriteText(capability);
        }

        body.WriteDelim();
        foreach (var argument in arguments)
        {
            body.WriteData(System.Text.Encoding.UTF8.GetBytes(argument));
        }

        body.WriteFlush();
        return FetchKey.Of("state", true, GitProtocolVersion.V2, body.WrittenMemory);
    }

    private static string? Version0(string want) => FetchKey.Of("state", true, GitProtocolVersion.V0, Body0(want));

    private static ReadOnlyMemory<byte> Body0(string want)
    {
        var body = new ArrayBufferWriter<byte>();
        body.WriteData(System.Text.Encoding.UTF8.GetBytes(want));
        body.WriteFlush();
        body.WriteText("done");
        return body.WrittenMemory;
    }
}
