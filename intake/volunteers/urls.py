from __future__ import annotations

from django.urls import URLPattern, path

from intake.volunteers import views

urlpatterns: list[URLPattern] = [
    path("", views.volunteer_list, name="volunteer_list"),
    path("new/", views.volunteer_new, name="volunteer_new"),
    path("cards/", views.card_stock, name="card_stock"),
    path("cards/named/", views.card_named, name="card_named"),
    path("cards/<int:stock_id>/", views.card_sheet, name="card_sheet"),
    path("cards/<int:stock_id>/cards.pdf", views.card_sheet_pdf, name="card_sheet_pdf"),
    path("<int:volunteer_id>/", views.volunteer_page, name="volunteer_page"),
    path("<int:volunteer_id>/edit/", views.volunteer_edit, name="volunteer_edit"),
    path("<int:volunteer_id>/card/", views.volunteer_card, name="volunteer_card"),
    path("<int:volunteer_id>/card/end/", views.volunteer_card_end, name="volunteer_card_end"),
    path("<int:volunteer_id>/card/sheet/", views.volunteer_card_sheet, name="volunteer_card_sheet"),
    path("<int:volunteer_id>/card/card.pdf", views.volunteer_card_pdf, name="volunteer_card_pdf"),
    path("<int:volunteer_id>/agree/", views.volunteer_agree, name="volunteer_agree"),
    path("<int:volunteer_id>/insure/", views.volunteer_insure, name="volunteer_insure"),
    path("<int:volunteer_id>/block/", views.volunteer_block, name="volunteer_block"),
    path("<int:volunteer_id>/unblock/", views.volunteer_unblock, name="volunteer_unblock"),
    path("<int:volunteer_id>/withdraw/", views.volunteer_withdraw, name="volunteer_withdraw"),
]
