using System.IO.Compression;
using System.Text;
using Portcullis.Gateway.Backends.Host.Objects;
using Portcullis.Git;
using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Objects;

/// <summary>What is read of an object's file is what git says of the object, or nothing.</summary>
public sealed class LooseObjectTests : IDisposable
{
    private readonly ScratchRepository repository = new();

    private string Objects => Path.Combine(repository.Folder, "objects");

    public void Dispose() => repository.Dispose();

    [Theory]
    [InlineData(ObjectFormat.Sha1)]
    [InlineData(ObjectFormat.Sha256)]
    public void Kinds_and_parents_are_those_that_git_wrote(ObjectFormat format)
    {
        using var repository = new ScratchRepository(format);
        var root = repository.Commit("root");
        var one = repository.Commit("one", root);
        var two = repository.Commit("two", root);
        var merge = repository.Commit("merge", one, two);
        repository.Run("update-ref", "refs/heads/main", merge);
        repository.Run("-c", "user.name=a", "-c", "user.email=a@example.com", "tag", "-a", "-m", "tag", "v1", merge);
        Assert.Equal([], Read(repository, root)!.Parents!);
        Assert.Equal([Id(one), Id(two)], Read(repository, merge)!.Parents!);
        Assert.Equal("commit", Read(repository, merge)!.Kind);
        Assert.Equal("tag", Read(repository, repository.Run("rev-parse", "refs/tags/v1"))!.Kind);
        Assert.Equal("tree", Read(repository, repository.EmptyTree)!.Kind);
        Assert.Null(Read(repository, repository.EmptyTree)!.Parents);
    }

    [Fact]
    public void What_is_in_a_pack_or_nowhere_is_not_read()
    {
        var commit = repository.Commit("packed");
        repository.Run("update-ref", "refs/heads/main", commit);
        repository.Run("repack", "-adq");
        repository.Run("prune-packed");
        Assert.Null(Read(repository, commit));
        Assert.Null(Read(repository, new string('1', 40)));
    }

    [Fact]
    public void A_commit_with_more_parents_than_are_read_tells_none()
    {
        var parents = Enumerable.Range(0, 100).Select(number => repository.Commit("parent " + number)).ToArray();
        var read = Read(repository, repository.Commit("many", parents));
        Assert.Equal("commit", read!.Kind);
        Assert.Null(read.Parents);
    }

    [Theory]
    [InlineData("")]
    [InlineData("commit")]
    [InlineData("commit 5\0short")]
    [InlineData("Commit 5\0tree ")]
    [InlineData("other 5\0tree ")]
    [InlineData(" 5\0tree ")]
    [InlineData("commit \0tree 1111111111111111111111111111111111111111\nparent 2222222222222222222222222222222222222222\nauthor a")]
    [InlineData("commit 1x\0tree 1111111111111111111111111111111111111111\nparent 2222222222222222222222222222222222222222\nauthor a")]
    [InlineData("commit 100\0parent 1111111111111111111111111111111111111111\nauthor a")]
    [InlineData("commit 100\0tree 1111111111111111111111111111111111111111\nparent 2222222222222222222222222222222222222222")]
    [InlineData("commit 100\0tree 1111111111111111111111111111111111111111\nparent 222222222222222222222222222222222222222X\nauthor a")]
    public void What_git_does_not_write_proves_nothing(string content)
    {
        var id = new string('a', 40);
        Store(id, Encoding.Latin1.GetBytes(content), compressed: true);
        Assert.Null(Read(repository, id)?.Parents);
        Assert.False(LooseAncestry.IsProved([Objects], Id(new string('2', 40)), Id(id)));
    }

    [Fact]
    public void A_file_that_can_not_be_inflated_is_not_read()
    {
        var id = new string('b', 40);
        Store(id, Encoding.Latin1.GetBytes("commit 5\0not compressed at all"), compressed: false);
        Assert.Null(Read(repository, id));
    }

    [Fact]
    public void An_ancestor_is_proved_by_the_chain_of_parents_alone()
    {
        var root = repository.Commit("root");
        var side = repository.Commit("side", root);
        var one = repository.Commit("one", root);
        var merge = repository.Commit("merge", one, side);
        var last = repository.Commit("last", merge);
        var other = repository.Commit("other");
        Assert.True(IsProved(root, last));
        Assert.True(IsProved(side, last));
        Assert.True(IsProved(merge, last));
        Assert.False(IsProved(last, root));
        Assert.False(IsProved(other, last));
        Assert.False(IsProved(side, one));
        Assert.False(IsProved(repository.EmptyTree, last));
        Assert.False(IsProved(last, last));
    }

    [Fact]
    public void A_chain_longer_than_a_small_push_is_not_followed_to_its_end()
    {
        var first = repository.Commit("0");
        var last = first;
        for (var i = 1; i <= 101; i++)
        {
            last = repository.Commit($"{i}", last);
            Assert.Equal(i <= 100, IsProved(first, last));
        }
    }

    private static LooseObject? Read(ScratchRepository repository, string id) => LooseObject.TryRead(Path.Combine(repository.Folder, "objects"), Id(id));

    private static ObjectId Id(string text) => ObjectId.TryParse(text, out var id) ? id : throw new FormatException(text);

    private bool IsProved(string before, string after) => LooseAncestry.IsProved([Objects], Id(before), Id(after));

    private void Store(string id, byte[] content, bool compressed)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Objects, id[..2]));
        using var file = File.Create(Path.Combine(folder.FullName, id[2..]));
        if (compressed)
        {
            using var deflated = new ZLibStream(file, CompressionLevel.Fastest);
            deflated.Write(content);
        }
        else
        {
            file.Write(content);
        }
    }
}
