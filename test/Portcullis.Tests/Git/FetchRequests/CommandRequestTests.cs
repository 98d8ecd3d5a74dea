using System.Text;
using CsCheck;
using Portcullis.Git.FetchRequests;
using Portcullis.Git.PktLines;

namespace Portcullis.Tests.Git.FetchRequests;

public class CommandRequestTests
{
    private const string A = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    [Fact]
    public void Ls_refs_is_read()
    {
        var request = CommandRequest.Parse(Wire.Bytes("""
            command=ls-refs\n
            agent=git/2.39.5
            object-format=sha1
            server-option=x=y
            0001
            peel\n
            symrefs\n
            unborn\n
            ref-prefix refs/heads/\n
            ref-prefix HEAD\n
            ref-prefix \n
            0000
            """));
        Assert.Equal("ls-refs", request.Command);
        Assert.Equal(["agent=git/2.39.5", "object-format=sha1", "server-option=x=y"], request.Capabilities);
        Assert.True(request.TryGetCapability("server-option", out var option));
        Assert.Equal("x=y", option);
        var lsRefs = LsRefsRequest.Parse(request);
        Assert.True(lsRefs is { Peel: true, Symrefs: true, Unborn: true });
        Assert.Equal(["refs/heads/", "HEAD", ""], lsRefs.Prefixes.Select(prefix => Encoding.UTF8.GetString(prefix.Span)));
    }

    [Fact]
    public void Probe_is_a_lone_flush()
    {
        var request = CommandRequest.Parse("0000"u8.ToArray());
        Assert.True(request.IsProbe);
        Assert.Equal("0000", Wire.Text(Wire.Written(request.WriteTo)));
    }

    [Theory]
    [InlineData("command=ls-refs\\n\n0000")]
    [InlineData("command=ls-refs\\n\n0001\n0000")]
    [InlineData("agent=x\ncommand=fetch\nobject-format=sha256\n0001\nwant x\\n\ndone\n0000")]
    [InlineData("command=bundle-uri\n0000")]
    public void Parsing_and_writing_are_inverse(string text)
    {
        Assert.Equal(text, Wire.Text(Wire.Written(CommandRequest.Parse(Wire.Bytes(text)).WriteTo)));
    }

    [Fact]
    public void Generated_requests_are_written_as_they_were_read()
    {
        var words = Gen.OneOf<string>("a", "b=c", "agent=git/2", "ref-prefix é").Array[0, 5];
        Gen.Select(words, words, Gen.Bool, Gen.Bool).Sample((capabilities, arguments, newline, withDelim) =>
        {
            var end = newline ? "\\n" : "";
            var text = "command=x" + end + "\n" + string.Concat(capabilities.Select(word => word + end + "\n"))
                + (withDelim ? "0001\n" + string.Concat(arguments.Select(word => word + end + "\n")) : "") + "0000";
            return Wire.Text(Wire.Written(CommandRequest.Parse(Wire.Bytes(text)).WriteTo)) == text;
        });
    }

    [Theory]
    [InlineData("agent=x\n0000")]
    [InlineData("command=\n0000")]
    [InlineData("0001\n0000")]
    [InlineData("command=ls-refs\ncommand=fetch\n0000")]
    [InlineData("command=ls-refs\nobject-format=sha1\nobject-format=sha256\n0000")]
    [InlineData("command=ls-refs\nobject-format=md5\n0000")]
    [InlineData("command=ls-refs\n0001\npeel\n0001\npeel\n0000")]
    [InlineData("command=ls-refs\n0001\npeel\n0002")]
    [InlineData("command=ls-refs\n0002")]
    [InlineData("command=ls-refs\n0000\n0000")]
    [InlineData("command=ls-refs\n0000\ncommand=fetch\n0000")]
    [InlineData("command=ls-refs\\0x\n0000")]
    [InlineData("command=ls-refs\\n\\n\n0000")]
    [InlineData("command=ls-refs\n\n0000")]
    [InlineData("command=ls-refs\nagent=\u001b[2J\n0000")]
    public void Rejects_what_is_not_one_request(string text)
    {
        Assert.Equal(PktLineError.Unexpected, Assert.Throws<PktLineException>(() => CommandRequest.Parse(Wire.Bytes(text))).Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("0014command=ls-refs\n")]
    [InlineData("0014command=ls-re")]
    [InlineData("0014command=ls-refs\n0001")]
    public void Rejects_requests_cut_short(string text)
    {
        Assert.Equal(PktLineError.CutShort, Assert.Throws<PktLineException>(() => CommandRequest.Parse(Encoding.ASCII.GetBytes(text))).Error);
    }

    [Theory]
    [InlineData("peel ")]
    [InlineData("PEEL")]
    [InlineData("ref-prefix")]
    [InlineData("unknown")]
    [InlineData("")]
    [InlineData("ref-prefix a\\0b")]
    public void Rejects_unknown_arguments_of_ls_refs(string argument)
    {
        Assert.Throws<PktLineException>(() => LsRefsRequest.Parse(CommandRequest.Parse(Wire.Bytes($"command=ls-refs\n0001\n{argument}\n0000"))));
    }

    [Fact]
    public void Too_many_prefixes_count_as_none()
    {
        // As in git: 65,535 are looked at, one more and all are ignored.
        Assert.Equal(65535, Parse(65535).Prefixes.Length);
        Assert.Empty(Parse(65536).Prefixes);

        static LsRefsRequest Parse(int count) =>
            LsRefsRequest.Parse(CommandRequest.Parse(Wire.Bytes("command=ls-refs\n0001\n" + string.Concat(Enumerable.Repeat("ref-prefix a\n", count)) + "0000")));
    }

    [Fact]
    public void Object_info_is_read()
    {
        var request = ObjectInfoRequest.Parse(CommandRequest.Parse(Wire.Bytes($"command=object-info\n0001\nsize\noid {A}\n0000")));
        Assert.True(request.Size);
        Assert.Equal(A, request.Ids.Single().ToString());
        foreach (var argument in new[] { "type", "oid", "oid x", $"oid {A}{A[..24]}", $"oid {A} x" })
        {
            Assert.Throws<PktLineException>(() => ObjectInfoRequest.Parse(CommandRequest.Parse(Wire.Bytes($"command=object-info\n0001\n{argument}\n0000"))));
        }
    }

    [Fact]
    public void Arguments_of_one_command_are_not_read_as_those_of_another()
    {
        var request = CommandRequest.Parse(Wire.Bytes("command=fetch\n0000"));
        Assert.Throws<ArgumentException>(() => LsRefsRequest.Parse(request));
        Assert.Throws<ArgumentException>(() => ObjectInfoRequest.Parse(request));
        Assert.Throws<ArgumentException>(() => FetchRequest.Parse(CommandRequest.Parse(Wire.Bytes("command=ls-refs\n0000"))));
    }
}
