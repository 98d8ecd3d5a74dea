using System.Text;
using Portcullis.Git.Lfs;

namespace Portcullis.Tests.Git.Lfs;

public class LfsRequestTests
{
    private const string Oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";

    [Fact]
    public void Accepts_what_git_lfs_sends()
    {
        var batch = Batch($$"""
            {"operation":"upload","objects":[{"oid":"{{Oid}}","size":12345}],"transfers":["lfs-standalone-file","basic","ssh"],"ref":{"name":"refs/heads/main"},"hash_algo":"sha256"}
            """);
        Assert.Equal((LfsDirection.Upload, "refs/heads/main"), (batch.Direction, batch.Reference));
        Assert.Equal((Oid, 12345L), (batch.Objects.Single().Id.ToString(), batch.Objects.Single().Size));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"name":""}""")]
    [InlineData("""{"name":null}""")]
    public void Accepts_a_ref_that_names_none(string reference)
        => Assert.Null(Batch($$"""{"operation":"download","objects":[{"oid":"{{Oid}}","size":1}],"ref":{{reference}}}""").Reference);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"operation":"download"}""")]
    [InlineData("""{"operation":"delete","objects":[@]}""")]
    [InlineData("""{"Operation":"download","objects":[@]}""")]
    [InlineData("""{"operation":"download","objects":[]}""")]
    [InlineData("""{"operation":"download","objects":{}}""")]
    [InlineData("""{"operation":"download","objects":[@],}""")]
    [InlineData("""{"operation":"download","objects":[@]}{}""")]
    [InlineData("""{"operation":"download","objects":[@]} x""")]
    [InlineData("""{"operation":"download","operation":"upload","objects":[@]}""")]
    [InlineData("""{"operation":"download","objects":[@],"objects":[@]}""")]
    [InlineData("""{"operation":"download","objects":[@],"ref":{"name":"refs/heads/a","name":"refs/heads/b"}}""")]
    [InlineData("""{"operation":"download","objects":[@],"ref":"refs/heads/a"}""")]
    [InlineData("""{"operation":"download","objects":[@],"ref":{"name":7}}""")]
    [InlineData("""{"operation":"download","objects":[@],"ref":{"name":"\ud800"}}""")]
    [InlineData("""{"operation":"download","objects":[@],"transfers":["tus"]}""")]
    [InlineData("""{"operation":"download","objects":[@],"transfers":"basic"}""")]
    [InlineData("""{"operation":"download","objects":["@"]}""")]
    [InlineData("""{"operation":"download","objects":[{"size":1}]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"4d7a","size":1}]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"../../../../etc/passwd","size":1}]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"4D7A214614AB2935C943F9E0FF69D22EADBB8F32B1258DAAA5E2CA24D17E2393","size":1}]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"}]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393","size":-1}]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393","size":1.5}]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393","size":1e3}]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393","size":"1"}]}""")]
    [InlineData("""{"operation":"download","objects":[{"oid":"4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393","size":99999999999999999999}]}""")]
    public void Rejects_what_is_no_batch(string body)
        => Assert.Equal(LfsProblem.Malformed, Assert.Throws<LfsFormatException>(() => Batch(body.Replace("@", $$"""{"oid":"{{Oid}}","size":1}"""))).Problem);

    [Fact]
    public void Rejects_bytes_that_are_no_UTF_8()
        => Assert.Throws<LfsFormatException>(() => LfsBatchRequest.Parse([.. "{\"x\":\""u8, 0xff, .. "\"}"u8]));

    [Fact]
    public void Rejects_deep_nesting()
        => Assert.Throws<LfsFormatException>(() => Batch("""{"operation":"download","objects":[],"x":""" + new string('[', 100_000)));

    [Fact]
    public void Rejects_more_objects_than_are_answered_at_once()
    {
        var objects = string.Join(',', Enumerable.Repeat($$"""{"oid":"{{Oid}}","size":1}""", LfsBatchRequest.MaxObjects));
        Assert.Equal(LfsBatchRequest.MaxObjects, Batch($$"""{"operation":"download","objects":[{{objects}}]}""").Objects.Length);
        Assert.Equal(
            LfsProblem.TooManyObjects,
            Assert.Throws<LfsFormatException>(() => Batch($$"""{"operation":"download","objects":[{{objects}},{"oid":"{{Oid}}","size":1}]}""")).Problem);
    }

    [Fact]
    public void Rejects_another_hash()
        => Assert.Equal(
            LfsProblem.HashAlgorithm,
            Assert.Throws<LfsFormatException>(() => Batch($$"""{"operation":"download","hash_algo":"sha512","objects":[{"oid":"{{Oid}}","size":1}]}""")).Problem);

    [Theory]
    [InlineData("a.psd", true)]
    [InlineData("art/ä ö.psd", true)]
    [InlineData("", false)]
    [InlineData("/etc/passwd", false)]
    [InlineData("a//b", false)]
    [InlineData("a/", false)]
    [InlineData("../a", false)]
    [InlineData("a/./b", false)]
    [InlineData("a\\u0000b", false)]
    [InlineData("a\\nb", false)]
    [InlineData("a\\u001b[2Jb", false)]
    public void A_lock_is_for_a_file_below_the_root(string path, bool isPath)
    {
        var body = Encoding.UTF8.GetBytes($$$"""{"path":"{{{path}}}","ref":{"name":"refs/heads/main"}}""");
        if (isPath)
        {
            Assert.Equal(path, LfsLockRequest.Parse(body).Path);
        }
        else
        {
            Assert.Throws<LfsFormatException>(() => LfsLockRequest.Parse(body));
        }
    }

    [Theory]
    [InlineData("""{"force":"true"}""")]
    [InlineData("""{"force":1}""")]
    [InlineData("""{"force":true,"force":false}""")]
    public void Rejects_a_force_that_is_no_flag(string body)
        => Assert.Throws<LfsFormatException>(() => LfsUnlockRequest.Parse(Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:@\nsize 12345\n", true)]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:@\nsize 12345", true)]
    [InlineData("version https://hawser.github.com/spec/v1\noid sha256:@\nsize 12345\n", true)]
    [InlineData("version https://git-lfs.github.com/spec/v1\next-0-case sha256:@\noid sha256:@\nsize 12345\n", true)]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:@\nsize 12345\nmore\n", false)]
    [InlineData("version https://git-lfs.github.com/spec/v1\nsize 12345\noid sha256:@\n", false)]
    [InlineData("version https://git-lfs.github.com/spec/v2\noid sha256:@\nsize 12345\n", false)]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha1:@\nsize 12345\n", false)]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:@\nsize -1\n", false)]
    [InlineData("version https://git-lfs.github.com/spec/v1\r\noid sha256:@\r\nsize 12345\r\n", false)]
    [InlineData("", false)]
    public void A_pointer_is_read_strictly(string blob, bool isPointer)
    {
        Assert.Equal(isPointer, LfsPointer.TryParse(Encoding.UTF8.GetBytes(blob.Replace("@", Oid)), out var pointed));
        Assert.Equal(isPointer, pointed.Size == 12345 && pointed.Id.ToString() == Oid);
    }

    [Fact]
    public void A_pointer_is_short()
        => Assert.False(LfsPointer.TryParse(
            Encoding.UTF8.GetBytes($"version https://git-lfs.github.com/spec/v1\next-0-x {new string('x', 1024)}\noid sha256:{Oid}\nsize 1\n"), out _));

    private static LfsBatchRequest Batch(string json) => LfsBatchRequest.Parse(Encoding.UTF8.GetBytes(json));
}
