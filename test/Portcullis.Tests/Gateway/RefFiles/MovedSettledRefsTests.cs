namespace Portcullis.Tests.Gateway.RefFiles;

/// <summary>The same moves of refs whose files have rested long enough that stamps alone prove them.</summary>
public sealed class MovedSettledRefsTests(OriginalRepository original) : IClassFixture<OriginalRepository>
{
    [Theory]
    [MemberData(nameof(RefMoves.Names), MemberType = typeof(RefMoves))]
    public async Task After_any_move_the_answer_is_git_s_own(string move)
    {
        using var held = new HeldRefs();
        using var repository = original.Repository.Copy();
        Assert.NotNull(await held.WithoutGitAsync(repository.Folder));
        await RefMoves.CompareAfterAsync(move, held, repository);
    }
}
